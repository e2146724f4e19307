import { operationNamed } from './operations.mjs';
import { BULK_ROWS, SEEDED_ROWS, seedRow } from './rows.mjs';
import { runSlice } from './slice.mjs';
import { verify } from './verify.mjs';

const TRACKED_ROWS = 1_000;

/**
 * The process of one contestant: each has its own, so that none pays for the memory, the compiled code or the hooks of
 * another. It does what its parent says, one message at a time.
 */
const COMMANDS = { verify: verifyAdapter, open, run, close };
let near;
let distant;
let ids;

/** In a database of its own: what this writes must not be there when reads are timed. */
async function verifyAdapter({ module, options }) {
  const { open: openAdapter } = await import(module);
  const adapter = await openAdapter(options);
  await adapter.create();
  await verify(adapter, await seed(adapter));
  await adapter.close();
}

/** Answers the adapter's methods. */
async function open({ module, options, distantOptions }) {
  const { open: openAdapter } = await import(module);
  near = await openAdapter(options);
  await near.create();
  ids = await seed(near);
  if (distantOptions) distant = await openAdapter(distantOptions);
  return Object.keys(near);
}

/** Answers the ids, which every contestant draws by itself. */
async function seed(adapter) {
  const items = [];
  for (let first = 0; first < SEEDED_ROWS; first += BULK_ROWS) {
    const rows = await adapter.insertMany(Array.from({ length: BULK_ROWS }, (_, index) => seedRow(first + index)));
    items.push(...rows.map((row) => row.id));
  }
  const tracked = [];
  for (let number = 0; adapter.insertTracked && number < TRACKED_ROWS; number += 1) {
    tracked.push((await adapter.insertTracked(seedRow(number))).id);
  }
  return { items, tracked };
}

function run({ operation, concurrency, seconds }) {
  const { call, distant: isDistant } = operationNamed(operation);
  const adapter = isDistant ? distant : near;
  return runSlice(() => call(adapter, ids), { concurrency, seconds });
}

async function close() {
  await distant?.close();
  await near?.close();
}

async function answer({ command, args }) {
  try {
    process.send({ result: await COMMANDS[command](args) });
  } catch (error) {
    process.send({ error: error.stack ?? String(error) });
  }
}

process.on('message', (message) => void answer(message));
process.on('disconnect', () => process.exit());
