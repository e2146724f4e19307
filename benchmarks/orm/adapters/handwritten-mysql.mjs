import { createTables, DRIVERS } from '../drivers.mjs';
import { ENCODINGS, storedValues } from '../encodings.mjs';
import { BULK_ROWS, completeRow, PROPERTIES, REPLACED } from '../rows.mjs';

const LIST = PROPERTIES.join(', ');
const LIVE = 'deletedAt IS NULL';
const PLACEHOLDERS = `(${PROPERTIES.map(() => '?').join(', ')})`;
const REPLACE = REPLACED.map((property) => `${property} = VALUES(${property})`).join(', ');

const INSERT = `INSERT INTO items (${LIST}) VALUES ${PLACEHOLDERS}`;
const BULK = INSERT + `, ${PLACEHOLDERS}`.repeat(BULK_ROWS - 1);
const GET = `SELECT ${LIST} FROM items WHERE id = ? AND ${LIVE}`;
const FIND = `SELECT ${LIST} FROM items WHERE category = ? AND ${LIVE}`;
const ALL = `SELECT ${LIST} FROM items WHERE ${LIVE}`;
const COUNT = `SELECT count(*) AS count FROM items WHERE category = ? AND ${LIVE}`;
const UPDATE = `UPDATE items SET price = ?, stock = ?, updatedAt = ?, version = version + 1 WHERE id = ? AND ${LIVE}`;
const UPSERT = `${INSERT} ON DUPLICATE KEY UPDATE ${REPLACE}, version = version + 1`;

const { toRow } = ENCODINGS.mysql;
const values = (row) => storedValues(row, ENCODINGS.mysql);

/** mysql2 with `execute`: each connection prepares a text once and then sends its number. */
export async function open(options) {
  const driver = await DRIVERS.mysql(options);
  const pool = driver.promise();
  const query = async (sql, parameters) => (await pool.execute(sql, parameters))[0];
  const one = async (sql, parameters) => {
    const [row] = await query(sql, parameters);
    return row ? toRow(row) : null;
  };
  const answersInserted = await isMariadb(pool);

  return {
    create: () => createTables('mysql', driver),
    close: () => pool.end(),
    async insert(own) {
      const row = completeRow(own);
      await query(INSERT, values(row));
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await query(BULK, rows.flatMap(values));
      return rows;
    },
    get: (id) => one(GET, [id]),
    findByCategory: async (category) => (await query(FIND, [category])).map(toRow),
    findAll: async () => (await query(ALL, [])).map(toRow),
    count: async (category) => (await query(COUNT, [category]))[0].count,
    async update(id, { price, stock }) {
      const { affectedRows } = await query(UPDATE, [price, stock, new Date(), id]);
      return affectedRows === 0 ? null : one(GET, [id]);
    },
    async upsert(own) {
      const row = completeRow(own);
      if (answersInserted) return one(`${UPSERT} RETURNING ${LIST}`, values(row));
      await query(UPSERT, values(row));
      return one(`SELECT ${LIST} FROM items WHERE sku = ?`, [row.sku]);
    },
  };
}

async function isMariadb(pool) {
  const [[{ version }]] = await pool.query('SELECT version() AS version');
  return version.includes('MariaDB');
}
