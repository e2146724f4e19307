import { ValidationError } from '../../base/errors.js';
import type { Dialect, Engine, OpenOptions } from '../dialect/dialect.js';
import { sqliteColumn } from './column-codecs.js';
import { changeTable, createTable, dropTable, quote } from './ddl.js';
import { openSqlite } from './driver.js';
import { isBusy, isOutage } from './errors.js';
import { introspect } from './introspector.js';
import { MEMORY, sqliteFile } from './url.js';

/** SQLite: one file, or memory. A write transaction holds the whole database, so no other locks are needed. */
export const sqliteDialect: Dialect = {
  name: 'sqlite',
  capabilities: {
    transactionalDdl: true,
    maxParameters: 32_000,
    writersTakeTurns: true,
    autocommit: false, // another process's lock is waited for at BEGIN
    writableCtes: false,
  },
  rowLock: '',
  nullSafeEquals: 'IS',
  nullOrder: { asc: '', desc: '' },
  quote,
  placeholder: () => '?',
  column: sqliteColumn,
  literal,
  cast: (expression) => expression,
  bind,
  isTransient: isBusy,
  isOutage,
  lockKey: async () => {},
  lockMigrations: async () => {},
  introspect,
  createTable,
  changeTable,
  dropTable,
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
  return { dialect: sqliteDialect, driver, volatile: file === MEMORY };
}
