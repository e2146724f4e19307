import { jittered } from '../../base/backoff.js';
import { sleep } from '../../base/sleep.js';
import type { Dialect, Engine, LockedKeys, OpenOptions } from '../dialect/dialect.js';
import type { Connection } from '../dialect/driver.js';
import { arrays } from './arrays.js';
import { postgresColumn } from './column-codecs.js';
import { csvExport } from './csv-export.js';
import { csvImport } from './csv-import.js';
import { isOutage, isTransient, isUndone, lacksKey } from './errors.js';
import { fieldOf } from './field-of-type.js';
import { foreignTables } from './foreign-tables.js';
import { jsonEquals } from './json-path.js';
import { openPostgres } from './open.js';
import { changeOnline } from './schema/change-online.js';
import { counters } from './schema/counters.js';
import { cast, changeTable, createTable, dropTable, quote } from './schema/ddl.js';
import { literal } from './schema/defaults.js';
import { introspect } from './schema/introspector.js';
import { misfits, widens } from './schema/widening.js';
import { bind } from './wire/wire-values.js';

/** "appkerne" as a number: advisory locks have no names, and no other program should pick this one. */
const MIGRATION_LOCK = 0x6170706b65726e65n;

/** PostgreSQL 13 and later. */
export const postgresDialect: Dialect = {
  name: 'postgresql',
  capabilities: {
    transactionalDdl: true,
    maxParameters: 65_535,
    writersTakeTurns: false,
    undoesStatements: false,
    writableCtes: true,
    soloReads: 16, // they share lanes
    upserts: true,
    embedded: false,
    longestPattern: Number.POSITIVE_INFINITY,
  },
  // Leaves rows that reference this one free to be written.
  rowLock: ' FOR NO KEY UPDATE',
  removalLock: ' FOR UPDATE',
  nullSafeEquals: 'IS NOT DISTINCT FROM',
  serverTime: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS double precision)',
  greatest: 'GREATEST',
  nullOrder: { asc: ' NULLS FIRST', desc: ' NULLS LAST' },
  quote,
  misleading: /\$[\w\u0080-\uffff]*\$|\be'/i,
  placeholder: (position) => `$${position}`,
  // In a table that was never analyzed the planner expects IS NULL of one row in 200, and would sort all of the others.
  mostlyNull: (column) => `(${column} >= '-infinity') IS NOT TRUE`,
  column: postgresColumn,
  fieldOf,
  foreignTables,
  counters,
  textOf: (expression) => `CAST(${expression} AS text)`,
  arrays,
  csvExport,
  csvImport,
  literal,
  cast,
  widens,
  misfits,
  bind,
  jsonEquals,
  lacksKey,
  isTransient,
  isUndone,
  isOutage,
  lockKeys,
  lockMigrations,
  holdWriters,
  introspect,
  createTable,
  changeTable: (current, target, copies, large) =>
    large ? changeOnline(current, target, copies) : changeTable(current, target, copies),
  dropTable,
};

const HOLD_TABLE = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 1))';
/** Who holds a key keeps others from holding the table. */
const HOLD_KEYS =
  'SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 1)) UNION ALL ' +
  "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || key, 0)) FROM unnest($2::text[]) key";

/** Locks of all connections share `max_locks_per_transaction` for each of them. */
async function lockKeys(connection: Pick<Connection, 'all'>, { table, keys, whole }: LockedKeys): Promise<void> {
  await (whole ? connection.all(HOLD_TABLE, [table]) : connection.all(HOLD_KEYS, [table, arrays.encode(keys)]));
}

const LOCK_PAUSE_MS = 200;

/**
 * Ends with the transaction or the session, and so also when the one who holds it dies. It is asked for again and again:
 * a statement that waited for it would itself be waited for by an index that the holder builds.
 */
async function lockMigrations(connection: Pick<Connection, 'all'>, autocommit: boolean): Promise<void> {
  const take = `SELECT pg_try_advisory${autocommit ? '' : '_xact'}_lock(${MIGRATION_LOCK})`;
  for (;;) {
    const [row] = await connection.all(take, []);
    if (row?.[0] === 't') return;
    await sleep(jittered(LOCK_PAUSE_MS, 0.5));
  }
}

/** Readers, and so backups, go on. */
async function holdWriters(connection: Pick<Connection, 'run'>, tables: readonly string[]): Promise<void> {
  if (tables.length > 0) await connection.run(`LOCK TABLE ${tables.map(quote).join(', ')} IN EXCLUSIVE MODE`, []);
}

export async function openEngine(url: string, options: OpenOptions): Promise<Engine> {
  const { pool, native } = await openPostgres(url, options);
  return { dialect: postgresDialect, driver: pool, volatile: false, native };
}
