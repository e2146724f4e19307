import type { Dialect, Engine, OpenOptions } from '../dialect/dialect.js';
import { changeManyReturning, changeReturning } from './change-returning.js';
import { mysqlColumn } from './column-codecs.js';
import { isOutage, isTransient, isUndone, lacksKey } from './errors.js';
import { fieldOf } from './field-of-type.js';
import type { Flavor } from './flavor.js';
import { foreignTables } from './foreign-tables.js';
import { indexedUpsert } from './indexed-upsert.js';
import { jsonEquals } from './json-path.js';
import { mysqlNativeBackup } from './native-backup.js';
import { openMysql } from './open.js';
import { overwrite } from './overwrite.js';
import { literal, quote } from './quote.js';
import { changeOnline } from './schema/change-online.js';
import { changeTable } from './schema/change-table.js';
import { counters } from './schema/counters.js';
import { createTable, dropTable } from './schema/ddl.js';
import { introspect } from './schema/introspector.js';
import { lockKeys, lockMigrations } from './schema/locks.js';
import { tableSwap } from './schema/table-swap.js';
import { mysqlTriggers } from './schema/triggers.js';
import { misfits, widens } from './schema/widening.js';
import { serverAddress } from './url.js';
import { bind } from './wire/wire-values.js';

/** MariaDB or MySQL with InnoDB. Changes of tables are committed one by one; migrations are made of repeatable steps. */
export function createDialect(flavor: Flavor, database: string): Dialect {
  return {
    name: flavor.name,
    capabilities: {
      transactionalDdl: false,
      maxParameters: 65_535,
      writersTakeTurns: false,
      undoesStatements: true,
      writableCtes: false,
      soloReads: 4,
      upserts: false,
      embedded: false,
      longestPattern: Number.POSITIVE_INFINITY,
    },
    rowLock: ' FOR UPDATE',
    removalLock: ' FOR UPDATE',
    nullSafeEquals: '<=>',
    serverTime: 'UNIX_TIMESTAMP(NOW(6)) * 1000',
    greatest: 'GREATEST',
    nullOrder: { asc: '', desc: '' },
    quote,
    misleading: /#/,
    placeholder: () => '?',
    column: mysqlColumn,
    fieldOf,
    foreignTables: foreignTables(flavor),
    counters,
    textOf: (expression) => `CAST(${expression} AS CHAR)`,
    literal,
    cast: (expression) => expression,
    widens,
    misfits,
    ...(flavor.returnsRows && { changeReturning, changeManyReturning, indexedUpsert }),
    overwrite: (columns) => overwrite(flavor, columns),
    bind,
    jsonEquals,
    lacksKey,
    isTransient,
    isUndone,
    isOutage,
    lockKeys: (connection, locked) => lockKeys(connection, database, locked),
    swap: tableSwap(flavor),
    lockMigrations: (connection) => lockMigrations(connection, database),
    introspect: (connection) => introspect(flavor, connection),
    createTable: (table) => createTable(flavor, table),
    changeTable: (current, target, copies, large) =>
      (large ? changeOnline : changeTable)(flavor, current, target, copies),
    dropTable,
    triggers: mysqlTriggers(flavor),
  };
}

export async function openEngine(url: string, options: OpenOptions): Promise<Engine> {
  const address = serverAddress(url, options);
  const { flavor, pool } = await openMysql(address, options.acquireTimeoutMs);
  const native = mysqlNativeBackup(address, flavor);
  return { dialect: createDialect(flavor, address.database), driver: pool, volatile: false, native };
}
