import { createTables, DRIVERS } from '../drivers.mjs';
import { ENCODINGS, storedValues } from '../encodings.mjs';
import { BULK_ROWS, completeRow, PROPERTIES, REPLACED } from '../rows.mjs';

const LIST = PROPERTIES.map((property) => `"${property}"`).join(', ');
const LIVE = '"deletedAt" IS NULL';
const placeholders = (from) => `(${PROPERTIES.map((_, index) => `$${from + index}`).join(', ')})`;
const BULK = Array.from({ length: BULK_ROWS }, (_, row) => placeholders(row * PROPERTIES.length + 1)).join(', ');
const REPLACE = REPLACED.map((property) => `"${property}" = excluded."${property}"`).join(', ');

const SQL = {
  insert: `INSERT INTO items (${LIST}) VALUES ${placeholders(1)}`,
  bulk: `INSERT INTO items (${LIST}) VALUES ${BULK}`,
  get: `SELECT ${LIST} FROM items WHERE id = $1 AND ${LIVE}`,
  find: `SELECT ${LIST} FROM items WHERE category = $1 AND ${LIVE}`,
  all: `SELECT ${LIST} FROM items WHERE ${LIVE}`,
  count: `SELECT count(*)::int AS count FROM items WHERE category = $1 AND ${LIVE}`,
  update: `UPDATE items SET price = $2, stock = $3, "updatedAt" = $4, version = version + 1 WHERE id = $1 AND ${LIVE} RETURNING ${LIST}`,
  upsert: `INSERT INTO items (${LIST}) VALUES ${placeholders(1)} ON CONFLICT (sku) DO UPDATE SET ${REPLACE}, version = items.version + 1 RETURNING ${LIST}`,
};

const values = (row) => storedValues(row, ENCODINGS.postgres);

/** node-postgres with named statements: each connection prepares a text once and then sends its name. */
export async function open(options) {
  const pool = await DRIVERS.postgres(options);
  const query = async (name, parameters) => (await pool.query({ name, text: SQL[name], values: parameters })).rows;
  const one = async (name, parameters) => (await query(name, parameters))[0] ?? null;

  return {
    create: () => createTables('postgres', pool),
    close: () => pool.end(),
    async insert(own) {
      const row = completeRow(own);
      await query('insert', values(row));
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await query('bulk', rows.flatMap(values));
      return rows;
    },
    get: (id) => one('get', [id]),
    findByCategory: (category) => query('find', [category]),
    findAll: () => query('all', []),
    count: async (category) => (await one('count', [category])).count,
    update: (id, { price, stock }) => one('update', [id, price, stock, new Date()]),
    upsert: (own) => one('upsert', values(completeRow(own))),
  };
}
