import type { Dialect, Engine, OpenOptions } from '../dialect/dialect.js';
import type { Connection } from '../dialect/driver.js';
import { postgresColumn } from './column-codecs.js';
import { cast, changeTable, createTable, dropTable, quote } from './ddl.js';
import { literal } from './defaults.js';
import { isOutage, isTransient } from './errors.js';
import { introspect } from './introspector.js';
import { openPostgres } from './open.js';
import { widens } from './widening.js';
import { bind } from './wire-values.js';

/** "appkerne" as a number: advisory locks have no names, and no other program should pick this one. */
const MIGRATION_LOCK = 0x6170706b65726e65n;

/** PostgreSQL 13 and later. */
export const postgresDialect: Dialect = {
  name: 'postgresql',
  capabilities: {
    transactionalDdl: true,
    maxParameters: 65_535,
    writersTakeTurns: false,
    autocommit: true,
    writableCtes: true,
  },
  // Leaves rows that reference this one free to be written.
  rowLock: ' FOR NO KEY UPDATE',
  nullSafeEquals: 'IS NOT DISTINCT FROM',
  nullOrder: { asc: ' NULLS FIRST', desc: ' NULLS LAST' },
  quote,
  placeholder: (position) => `$${position}`,
  column: postgresColumn,
  literal,
  cast,
  widens,
  bind,
  isTransient,
  isOutage,
  lockKey,
  lockMigrations,
  introspect,
  createTable,
  changeTable,
  dropTable,
};

async function lockKey(connection: Pick<Connection, 'all'>, key: string): Promise<void> {
  await connection.all('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
}

/** Ends with the transaction, and so also when the one who holds it dies. */
async function lockMigrations(connection: Pick<Connection, 'all'>): Promise<void> {
  const [row] = await connection.all(
    `SELECT current_setting('lock_timeout'), set_config('lock_timeout', '0', true)`,
    [],
  );
  await connection.all(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`, []);
  await connection.all(`SELECT set_config('lock_timeout', $1, true)`, [row?.[0]]);
}

export async function openEngine(url: string, options: OpenOptions): Promise<Engine> {
  return { dialect: postgresDialect, driver: await openPostgres(url, options), volatile: false };
}
