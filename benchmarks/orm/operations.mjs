import { BULK_ROWS, freshRow, ROWS_PER_CATEGORY, SEEDED_ROWS, seedRow } from './rows.mjs';

const CATEGORIES = SEEDED_ROWS / ROWS_PER_CATEGORY;

let state = 1;

/** A cheap sequence without pattern, the same in every process: all contestants ask for the same rows. */
function pick(count) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state % count;
}

let turn = 0;

/** Rows in turn, so that no two callers hold the same one: an ORM that reads, then writes row and version, would lose one of them. */
function nextId(ids) {
  turn += 1;
  return ids[turn % ids.length];
}

const changes = () => ({ price: pick(10_000), stock: pick(500) });
const someId = (ids) => ids[pick(ids.length)];

/**
 * What is measured. `call(adapter, ids)` is one operation, with the ids of the seeded rows (`items` and `tracked`).
 * `needs` is the adapter's method; a contestant without it is left out of the row. `baseline` is what hand-written code
 * does instead. Reads come first, so that every contestant reads tables of the same size.
 */
export const OPERATIONS = [
  { name: 'get by id', needs: 'get', concurrency: [1, 16], call: (adapter, { items }) => adapter.get(someId(items)) },
  {
    name: 'find 100 by index',
    needs: 'findByCategory',
    concurrency: [1, 16],
    call: (adapter) => adapter.findByCategory(`category-${pick(CATEGORIES)}`),
  },
  {
    name: 'count',
    needs: 'count',
    concurrency: [1, 16],
    call: (adapter) => adapter.count(`category-${pick(CATEGORIES)}`),
  },
  { name: 'find 10,000', needs: 'findAll', concurrency: [1], call: (adapter) => adapter.findAll() },
  {
    name: 'update by id',
    needs: 'update',
    concurrency: [1, 16],
    call: (adapter, { items }) => adapter.update(someId(items), changes()),
  },
  {
    name: 'tracked update',
    needs: 'updateTracked',
    baseline: 'update by id',
    concurrency: [1, 16],
    call: (adapter, { tracked }) => adapter.updateTracked(nextId(tracked), changes()),
  },
  {
    name: 'update by id, 2 ms away',
    needs: 'update',
    concurrency: [1],
    distant: true,
    call: (adapter, { items }) => adapter.update(someId(items), changes()),
  },
  {
    name: 'tracked update, 2 ms away',
    needs: 'updateTracked',
    baseline: 'update by id, 2 ms away',
    concurrency: [1],
    distant: true,
    call: (adapter, { tracked }) => adapter.updateTracked(nextId(tracked), changes()),
  },
  {
    name: 'upsert by unique key',
    needs: 'upsert',
    concurrency: [1, 16],
    call: (adapter) => adapter.upsert(pick(2) === 0 ? freshRow() : { ...seedRow(pick(SEEDED_ROWS)), ...changes() }),
  },
  { name: 'insert one', needs: 'insert', concurrency: [1, 16], call: (adapter) => adapter.insert(freshRow()) },
  {
    name: 'bulk insert 1,000',
    needs: 'insertMany',
    concurrency: [1],
    call: (adapter) => adapter.insertMany(Array.from({ length: BULK_ROWS }, freshRow)),
  },
];

export function operationNamed(name) {
  const operation = OPERATIONS.find((candidate) => candidate.name === name);
  if (!operation)
    throw new Error(`No operation "${name}"; there are: ${OPERATIONS.map((each) => each.name).join(', ')}`);
  return operation;
}
