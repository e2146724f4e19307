import { tableStatements } from './tables.mjs';

export const POOL_SIZE = 10;

/** What makes a SQLite file as durable, and readable beside its writer, as ours; the second is the connection's own. */
export const WAL = 'PRAGMA journal_mode = WAL';
export const FLUSH_COMMITS = 'PRAGMA synchronous = FULL';

/** How a program opens each driver by itself; `postgres` and `mysql` answer pools, `sqlite` a file. */
export const DRIVERS = {
  async postgres({ url }) {
    const { default: pg } = await import('pg');
    return new pg.Pool({ connectionString: url, max: POOL_SIZE });
  },
  /** With callbacks, as the query builders want it; `.promise()` gives the other one. */
  async mysql({ url }) {
    const { createPool } = await import('mysql2');
    return createPool({ uri: url, connectionLimit: POOL_SIZE, timezone: 'Z' });
  },
  async sqlite({ file }) {
    const { default: Sqlite } = await import('better-sqlite3');
    const db = new Sqlite(file);
    db.exec(WAL);
    db.exec(FLUSH_COMMITS);
    return db;
  },
};

const EXECUTE = {
  postgres: (pool, sql) => pool.query(sql),
  mysql: (pool, sql) => pool.promise().query(sql),
  sqlite: (db, sql) => db.exec(sql),
};

/** Makes the tables of everybody but us. `driver` is one of `DRIVERS`, open. */
export async function createTables(engine, driver) {
  for (const statement of tableStatements(engine)) await EXECUTE[engine](driver, statement);
}

/** The same, by a connection of its own, for an ORM that opens the driver itself. */
export async function createTablesFor(options) {
  const { engine } = options;
  const driver = await DRIVERS[engine](options);
  await createTables(engine, driver);
  await (engine === 'sqlite' ? driver.close() : driver.end());
}
