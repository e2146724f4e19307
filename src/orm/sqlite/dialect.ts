import { ValidationError } from '../../base/errors.js';
import type { Dialect, Engine, OpenOptions } from '../dialect/dialect.js';
import { cellExport } from './cell-export.js';
import { sqliteColumn } from './column-codecs.js';
import { openSqlite } from './driver.js';
import { isBusy, isOutage, lacksKey } from './errors.js';
import { fieldOf } from './field-of-type.js';
import { foreignTables } from './foreign-tables.js';
import { jsonEquals } from './json-path.js';
import { sqliteNativeBackup } from './native-backup.js';
import { quote } from './quote.js';
import { counters } from './schema/counters.js';
import { changeTable, createTable, dropTable } from './schema/ddl.js';
import { introspect } from './schema/introspector.js';
import { misfits, widens } from './schema/retyping.js';
import { triggers } from './schema/triggers.js';
import { MEMORY, sqliteFile } from './url.js';

/** SQLite: one file, or memory. A write transaction holds the whole database, so no other locks are needed. */
export const sqliteDialect: Dialect = {
  name: 'sqlite',
  capabilities: {
    transactionalDdl: true,
    maxParameters: 32_000,
    writersTakeTurns: true,
    undoesStatements: true,
    writableCtes: false,
    soloReads: Number.POSITIVE_INFINITY,
    upserts: true,
    embedded: true,
    longestPattern: 50_000,
  },
  rowLock: '',
  removalLock: '',
  nullSafeEquals: 'IS',
  greatest: 'MAX',
  nullOrder: { asc: '', desc: '' },
  quote,
  misleading: /[[\]]/,
  placeholder: () => '?',
  column: sqliteColumn,
  fieldOf,
  foreignTables,
  counters,
  cellExport,
  textOf: (expression) => `CAST(${expression} AS TEXT)`,
  literal,
  cast: (expression) => expression,
  widens,
  misfits,
  changeReturning: ({ table, columns, assignments, condition }) =>
    `UPDATE ${table} SET ${assignments('')} WHERE ${condition('')} RETURNING ${columns}`,
  changeManyReturning: ({ table, answer, assignments, condition }) =>
    `UPDATE ${table} SET ${assignments('')} WHERE ${condition()} RETURNING ${answer}`,
  bind,
  jsonEquals,
  lacksKey,
  isTransient: isBusy,
  isUndone: () => false,
  isOutage,
  lockKeys: async () => {},
  lockMigrations: async () => {},
  introspect,
  createTable,
  changeTable,
  dropTable,
  triggers,
};

function literal(raw: unknown): string {
  if (raw === null) return 'NULL';
  if (raw instanceof Uint8Array) return `x'${Buffer.from(raw).toString('hex')}'`;
  if (typeof raw === 'string') return `'${raw.replaceAll("'", "''")}'`;
  return String(raw);
}

function bind(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (value instanceof Uint8Array) return value;
  const kind = value === undefined ? 'undefined' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw new ValidationError([], `A parameter cannot be ${kind}; pass text, numbers, booleans, dates, bytes or null`);
}

export async function openEngine(url: string, options: OpenOptions): Promise<Engine> {
  const file = sqliteFile(url);
  const driver = await openSqlite(file, options.acquireTimeoutMs);
  if (file === MEMORY) return { dialect: sqliteDialect, driver, volatile: true };
  return { dialect: sqliteDialect, driver, volatile: false, native: sqliteNativeBackup(file) };
}
