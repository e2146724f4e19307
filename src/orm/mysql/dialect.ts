import { ValidationError } from '../../base/errors.js';
import type { Dialect, Engine, OpenOptions } from '../dialect/dialect.js';
import { changeTable } from './change-table.js';
import { asBuffer, isoToRaw, mysqlColumn } from './column-codecs.js';
import { MysqlConnection, type Shared } from './connection.js';
import { createTable, dropTable } from './ddl.js';
import { MysqlDriver } from './driver.js';
import { isOutage, isTransient } from './errors.js';
import type { Flavor } from './flavor.js';
import { introspect } from './introspector.js';
import { lockKey, lockMigrations } from './locks.js';
import { openConnection } from './open-connection.js';
import { literal, quote } from './quote.js';
import { serverAddress } from './url.js';
import { widens } from './widening.js';

/** MariaDB or MySQL with InnoDB. Changes of tables are committed one by one; migrations are made of repeatable steps. */
function createDialect(flavor: Flavor, database: string): Dialect {
  return {
    name: flavor.name,
    capabilities: {
      transactionalDdl: false,
      maxParameters: 65_535,
      writersTakeTurns: false,
      autocommit: true,
      writableCtes: false,
    },
    rowLock: ' FOR UPDATE',
    nullSafeEquals: '<=>',
    nullOrder: { asc: '', desc: '' },
    quote,
    placeholder: () => '?',
    column: mysqlColumn,
    literal,
    cast: (expression) => expression,
    widens,
    bind,
    isTransient,
    isOutage,
    lockKey: (connection, key) => lockKey(connection, database, key),
    lockMigrations: (connection) => lockMigrations(connection, database),
    introspect: (connection) => introspect(flavor, connection),
    createTable: (table) => createTable(flavor, table),
    changeTable: (current, target, copies) => changeTable(flavor, current, target, copies),
    dropTable,
  };
}

function bind(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return isoToRaw(value.toISOString());
  if (value instanceof Uint8Array) return asBuffer(value);
  const kind = value === undefined ? 'undefined' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw new ValidationError([], `A parameter cannot be ${kind}; pass text, numbers, booleans, dates, bytes or null`);
}

export async function openEngine(url: string, options: OpenOptions): Promise<Engine> {
  const address = serverAddress(url, options);
  const { raw, flavor } = await openConnection(address);
  const shared: Shared = { flavor, statementTimeoutMs: address.statementTimeoutMs, keys: new Map() };
  const driver = new MysqlDriver(address, shared, new MysqlConnection(raw, shared), options.acquireTimeoutMs);
  return { dialect: createDialect(flavor, address.database), driver, volatile: false };
}
