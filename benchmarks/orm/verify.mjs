import assert from 'node:assert/strict';
import { BULK_ROWS, freshRow, OWN_COLUMNS, PROPERTIES, ROWS_PER_CATEGORY, SEEDED_ROWS, seedRow } from './rows.mjs';

const CHANGES = { price: 4_711, stock: 17 };

/** Who is faster because it does less is no contestant: every operation must give the same objects, before any is timed. */
export async function verify(adapter, { items, tracked }) {
  const read = await adapter.get(items[0]);
  assertRow(read, seedRow(0), 1);
  assert.equal(await adapter.get('no such id'), null);

  const found = await adapter.findByCategory('category-1');
  assert.equal(found.length, ROWS_PER_CATEGORY);
  for (const row of found) assertRow(row, seedRow(Number(row.sku.replace('seed-', ''))), 1);
  const all = await adapter.findAll();
  assert.equal(all.length, SEEDED_ROWS);
  for (const row of all) assertRow(row, seedRow(Number(row.sku.replace('seed-', ''))), 1);
  assert.equal(await adapter.count('category-1'), ROWS_PER_CATEGORY);

  await verifyWrites(adapter, items[0]);
  if (adapter.updateTracked) await verifyTracked(adapter, tracked[0]);
}

async function verifyTracked(adapter, id) {
  assertRow(await adapter.updateTracked(id, CHANGES), { ...seedRow(0), ...CHANGES }, 2);
  assert.equal(await adapter.countVersions(id), 2, 'versions kept');
}

async function verifyWrites(adapter, id) {
  assertRow(await adapter.update(id, CHANGES), { ...seedRow(0), ...CHANGES }, 2);
  assertRow(await adapter.get(id), { ...seedRow(0), ...CHANGES }, 2);
  assert.equal(await adapter.update('no such id', CHANGES), null);

  const fresh = freshRow();
  const inserted = await adapter.insert(fresh);
  assertRow(inserted, fresh, 1);
  assert.deepEqual({ ...(await adapter.get(inserted.id)) }, { ...inserted });

  // Not every ORM can raise a version in its upsert.
  assertRow(await adapter.upsert({ ...fresh, name: 'Another name' }), { ...fresh, name: 'Another name' }, 1, 2);
  const other = freshRow();
  assertRow(await adapter.upsert(other), other, 1);

  const many = Array.from({ length: BULK_ROWS }, freshRow);
  const stored = await adapter.insertMany(many);
  assert.equal(stored.length, BULK_ROWS);
  for (const [index, row] of stored.entries()) assertRow(row, many[index], 1);
  assert.deepEqual({ ...(await adapter.get(stored.at(-1).id)) }, { ...stored.at(-1) });
}

function assertRow(actual, own, ...versions) {
  assert.ok(actual, 'a row was expected');
  assert.deepEqual(Object.keys(actual).sort(), [...PROPERTIES].sort());
  for (const property of OWN_COLUMNS) assert.deepEqual(actual[property], own[property], property);
  assert.equal(typeof actual.id, 'string');
  for (const property of ['createdAt', 'updatedAt']) assertNow(actual[property], property);
  for (const property of ['deletedAt', 'createdBy', 'updatedBy']) assert.equal(actual[property], null, property);
  assert.ok(versions.includes(actual.version), `version must be ${versions.join(' or ')}, not ${actual.version}`);
}

function assertNow(date, property) {
  assert.ok(date instanceof Date, `${property} must be a Date`);
  assert.ok(Math.abs(Date.now() - date.getTime()) < 600_000, `${property} must be now, not ${date.toISOString()}`);
}
