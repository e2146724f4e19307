import fc from 'fast-check';
import { FakeClock } from '../../../src/base/clock.js';
import type { Database } from '../../../src/orm/index.js';
import type { Backend } from '../../conformance/orm/backend.js';
import { filter, meets } from './filters.js';
import { Item, values } from './item.js';
import { sequence } from './operations.js';
import { Play, type Tally } from './play.js';

export interface Runs {
  readonly numRuns: number;
  readonly seed?: number;
}

/** Longest sequence: enough for a few rows to be saved, changed, hidden, deleted and brought back. */
const OPERATIONS = 20;

async function onFreshDatabase(
  backend: Backend,
  work: (db: Database, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const db = await backend.connect({ entities: [Item], clock });
  try {
    await db.migrate();
    await work(db, clock);
  } finally {
    await db.close();
    await backend.cleanUp();
  }
}

/** Plays random sequences of operations on a database beside the model. @throws where the two differ. */
export async function playSequences(backend: Backend, runs: Runs): Promise<Tally> {
  const tally: Tally = { operations: 0, rows: 0, versions: 0, moments: 0 };
  await onFreshDatabase(backend, async (db, clock) => {
    const property = fc.asyncProperty(sequence(OPERATIONS), fc.boolean(), (operations, listening) =>
      new Play(db, clock, tally).run(operations, listening),
    );
    await fc.assert(property, runs);
  });
  return tally;
}

const ROWS = 60;

/** Finds rows by random filters, and compares with what the plain evaluation of each finds. @returns how many were found. */
export async function playFilters(backend: Backend, runs: Runs): Promise<number> {
  let found = 0;
  await onFreshDatabase(backend, async () => {
    const sampled = fc.sample(fc.tuple(values, values), { ...runs, numRuns: ROWS });
    const given = sampled.map((parts) => ({ ...Object.assign({}, ...parts), code: null }) as object);
    const rows = await Item.saveMany(given as never[]);
    const property = fc.asyncProperty(filter, async (where) => {
      const ids = (await Item.find({ where: where as never })).map(({ id }) => id).sort();
      const wanted = rows.filter((row) => meets(row as never, where)).map(({ id }) => id);
      if (ids.join() !== wanted.sort().join()) throw new Error(`${ids.length} rows found, ${wanted.length} wanted`);
      found += ids.length;
    });
    await fc.assert(property, runs);
  });
  return found;
}
