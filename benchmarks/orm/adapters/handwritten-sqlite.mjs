import { createTables, DRIVERS } from '../drivers.mjs';
import { ENCODINGS, storedValues } from '../encodings.mjs';
import { completeRow, PROPERTIES, REPLACED } from '../rows.mjs';

const LIST = PROPERTIES.map((property) => `"${property}"`).join(', ');
const LIVE = '"deletedAt" IS NULL';
const INSERT = `INSERT INTO items (${LIST}) VALUES (${PROPERTIES.map(() => '?').join(', ')})`;
const REPLACE = REPLACED.map((property) => `"${property}" = excluded."${property}"`).join(', ');

const SQL = {
  insert: INSERT,
  get: `SELECT ${LIST} FROM items WHERE id = ? AND ${LIVE}`,
  find: `SELECT ${LIST} FROM items WHERE category = ? AND ${LIVE}`,
  all: `SELECT ${LIST} FROM items WHERE ${LIVE}`,
  count: `SELECT count(*) AS count FROM items WHERE category = ? AND ${LIVE}`,
  update: `UPDATE items SET price = ?, stock = ?, "updatedAt" = ?, version = version + 1 WHERE id = ? AND ${LIVE} RETURNING ${LIST}`,
  upsert: `${INSERT} ON CONFLICT (sku) DO UPDATE SET ${REPLACE}, version = items.version + 1 RETURNING ${LIST}`,
};

const { toRow } = ENCODINGS.sqlite;
const values = (row) => storedValues(row, ENCODINGS.sqlite);
const orNull = (stored) => (stored ? toRow(stored) : null);

/** better-sqlite3 with statements prepared once. */
export async function open(options) {
  const db = await DRIVERS.sqlite(options);
  let prepared;
  const insert = (own) => {
    const row = completeRow(own);
    prepared.insert.run(values(row));
    return row;
  };

  return {
    async create() {
      await createTables('sqlite', db);
      prepared = Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]));
    },
    close: () => db.close(),
    insert,
    insertMany: db.transaction((owns) => owns.map(insert)),
    get: (id) => orNull(prepared.get.get(id)),
    findByCategory: (category) => prepared.find.all(category).map(toRow),
    findAll: () => prepared.all.all().map(toRow),
    count: (category) => prepared.count.get(category).count,
    update: (id, { price, stock }) => orNull(prepared.update.get(price, stock, Date.now(), id)),
    upsert: (own) => orNull(prepared.upsert.get(values(completeRow(own)))),
  };
}
