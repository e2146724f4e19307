import { randomBytes } from 'node:crypto';

/** What an application stores: five texts, two integers, one JSON value. */
export const OWN_COLUMNS = ['name', 'sku', 'category', 'status', 'note', 'price', 'stock', 'attributes'];

/** The row, whoever stores it: an id and two times, and beside them what our ORM keeps of each row, so that all do the same work. */
export const PROPERTIES = [
  'id',
  ...OWN_COLUMNS,
  'createdAt',
  'updatedAt',
  'deletedAt',
  'createdBy',
  'updatedBy',
  'version',
];

/** What an upsert writes over an existing row, beside raising its version. */
export const REPLACED = [...OWN_COLUMNS, 'updatedAt', 'updatedBy'];

export const SEEDED_ROWS = 10_000;
export const ROWS_PER_CATEGORY = 100;
export const BULK_ROWS = 1_000;

/** What an application knows about row `number` of the seed; a pure function, so that every contestant stores the same. */
export function seedRow(number) {
  return ownRow(`seed-${number}`, `category-${Math.floor(number / ROWS_PER_CATEGORY)}`, number);
}

let made = 0;

/** A row that no table holds yet. */
export function freshRow() {
  made += 1;
  return ownRow(`fresh-${process.pid}-${made}`, `fresh-${made % 1_000}`, made);
}

function ownRow(sku, category, number) {
  return {
    name: `Widget number ${number}`,
    sku,
    category,
    status: number % 3 === 0 ? 'draft' : 'published',
    note: 'A note of some length, as people write them: it says "why", and who was asked.',
    price: 100 + (number % 9_000),
    stock: number % 500,
    attributes: { colour: 'red', sizes: [1, 2, 3], weight: number % 100 },
  };
}

/** The whole row as a program without our ORM completes it before it writes. */
export function completeRow(own) {
  const now = new Date();
  return {
    id: sortableId(now.getTime()),
    ...own,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    createdBy: null,
    updatedBy: null,
    version: 1,
  };
}

const RANDOM_BYTES = 8;
let random = Buffer.alloc(0);
let drawn = 0;

/** Ids that sort by creation, as cheap as ours, so that no index suffers from random order. */
function sortableId(now) {
  if (drawn === random.length) {
    random = randomBytes(RANDOM_BYTES * 512);
    drawn = 0;
  }
  const time = now.toString(16).padStart(12, '0');
  const tail = random.toString('hex', drawn, drawn + RANDOM_BYTES);
  drawn += RANDOM_BYTES;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(6)}00`;
}
