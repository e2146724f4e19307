import { connect } from '../../dist/orm/index.js';
import { declareItem } from './entities.mjs';
import { freshRow } from './rows.mjs';
import { spread } from './statistics.mjs';

const ENTITIES = 200;
const PLANS = 5;
const STREAMED_ROWS = 1_024_000;
const FIRST_ROWS = 1_000;
const SAMPLE_EVERY = 10_000;
/** Filling a table of a million rows takes a while. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** What has no hand-written counterpart. Answers `[{ what, value }]`; `large` streams a million rows as well. */
export async function measureAlone(databases, { large }) {
  const entities = Array.from({ length: ENTITIES }, (_, index) => declareItem(`alone_${index}`, { history: true }));
  const results = await inDatabase(await databases.create('alone_schema'), entities, schemaOfManyEntities);
  return large ? [...results, await streamManyRows(databases)] : results;
}

async function inDatabase({ options }, entities, work) {
  const db = await connect(options.url, { entities, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

async function schemaOfManyEntities(db) {
  const before = await timePlan(db);
  const createMs = await timed(() => db.migrate());
  const after = await timePlan(db);
  let queries = 0;
  db.on('query', () => {
    queries += 1;
  });
  const idleMs = await timed(() => db.migrate());
  return [
    { what: `plan of ${ENTITIES} entities, empty database`, value: `${before.toFixed(0)} ms` },
    { what: `migrate() of ${ENTITIES} entities, empty database`, value: `${createMs.toFixed(0)} ms` },
    { what: `plan of ${ENTITIES} entities, nothing to do`, value: `${after.toFixed(0)} ms` },
    { what: 'migrate() with nothing to do', value: `${queries} queries, ${idleMs.toFixed(1)} ms` },
  ];
}

async function timePlan(db) {
  const times = [];
  for (let plan = 0; plan < PLANS; plan += 1) times.push(await timed(() => db.plan()));
  return spread(times).median;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function streamManyRows(databases) {
  const Item = declareItem('streamed', { history: false });
  const database = await databases.create('alone_stream');
  return inDatabase(database, [Item], async (db) => {
    await db.migrate();
    await fill(Item, db); // not settled: a table that was filled a moment ago is streamed as fast
    return memoryOfStream(Item);
  });
}

/** Peak memory of the process over a whole table, beside what it took after the first tenth of it. */
async function memoryOfStream(Item) {
  let rows = 0;
  const samples = [];
  const start = performance.now();
  for await (const row of Item.stream()) {
    rows += row.id === '' ? 0 : 1;
    if (rows % SAMPLE_EVERY === 0) samples.push(process.memoryUsage().rss / 2 ** 20);
  }
  const perSecond = (rows * 1_000) / (performance.now() - start);
  const early = Math.max(...samples.slice(0, samples.length / 10));
  const value = `${early.toFixed(0)} MiB after a tenth, ${Math.max(...samples).toFixed(0)} MiB at most, ${perSecond.toFixed(0)} rows/s`;
  return { what: `stream() over ${rows} rows, memory of the process`, value };
}

/** The table doubles until it is large: each row again under an id that ends in the doubling's own letter. */
async function fill(Item, db) {
  await Item.saveMany(Array.from({ length: FIRST_ROWS }, freshRow));
  const columns = 'category, status, note, price, stock, attributes, created_at, updated_at, name, _version';
  for (let doubling = 0; FIRST_ROWS * 2 ** doubling < STREAMED_ROWS; doubling += 1) {
    const letter = String.fromCharCode('a'.charCodeAt(0) + doubling);
    await db.execute(`INSERT INTO streamed (id, sku, ${columns}) SELECT id || ?, sku || ?, ${columns} FROM streamed`, [
      letter,
      letter,
    ]);
  }
}
