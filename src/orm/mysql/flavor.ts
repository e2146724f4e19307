import { SchemaError } from '../../base/errors.js';

/** In what MariaDB and MySQL differ, as far as this engine needs to know. */
export interface Flavor {
  readonly name: 'mariadb' | 'mysql';
  /** Compares by bytes and takes trailing spaces for what they are. */
  readonly collation: string;
  /** `information_schema` shows a default as the SQL literal it was written as, not as its bare value. */
  readonly literalDefaults: boolean;
  readonly isolationVariable: string;
  /** The server can be told to refuse a write to a row that has changed since the transaction first read. */
  readonly snapshotConflicts: boolean;
  /** An index may run downwards; older servers take the word and forget it. */
  readonly descendingIndexes: boolean;
  /** `INSERT … RETURNING`, and `JSON_EQUALS` for its conditions. */
  readonly returnsRows: boolean;
  /** The row that an INSERT could not insert has a name, `VALUES (…) AS new`; `VALUES(column)` is deprecated there. */
  readonly namesNewRow: boolean;
  /** `CREATE OR REPLACE TRIGGER`. */
  readonly replacesTriggers: boolean;
  /** The session variable that ends long statements, and how many of its units are a second. */
  readonly statementLimit: { readonly variable: string; readonly perSecond: number };
}

const MARIADB: Flavor = {
  name: 'mariadb',
  collation: 'utf8mb4_nopad_bin',
  literalDefaults: true,
  isolationVariable: 'tx_isolation',
  snapshotConflicts: true,
  descendingIndexes: true,
  returnsRows: true,
  namesNewRow: false,
  replacesTriggers: true,
  statementLimit: { variable: 'max_statement_time', perSecond: 1 },
};

const MYSQL: Flavor = {
  name: 'mysql',
  collation: 'utf8mb4_0900_bin',
  literalDefaults: false,
  isolationVariable: 'transaction_isolation',
  snapshotConflicts: false,
  descendingIndexes: true,
  returnsRows: false,
  namesNewRow: true,
  replacesTriggers: false,
  statementLimit: { variable: 'max_execution_time', perSecond: 1000 },
};

/** Since then changes of tables are atomic, checks are kept and columns can be invisible. */
const OLDEST = { mariadb: [10, 6, 0], mysql: [8, 0, 23] } as const;

/** The first release of each line of MariaDB that has innodb_snapshot_isolation; every line from 11.3 on has it. */
const SNAPSHOT_SINCE = [
  [10, 6, 18],
  [10, 11, 8],
  [11, 0, 6],
  [11, 1, 5],
  [11, 2, 4],
] as const;
const NEWER = [11, 3, 0] as const;
const RETURNING_SINCE = [10, 7, 0] as const;
const DESCENDING_SINCE = { mariadb: [10, 8, 0], mysql: [8, 0, 0] } as const;

/** @param version what `SELECT VERSION()` answers. @throws SchemaError when the server is too old. */
export function flavorOf(version: string): Flavor {
  const flavor = /mariadb/i.test(version) ? MARIADB : MYSQL;
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, '')) ?? [];
  const found = [Number(major), Number(minor), Number(patch)];
  const since = SNAPSHOT_SINCE.find(([series, line]) => series === found[0] && line === found[1]) ?? NEWER;
  if (isAtLeast(found, OLDEST[flavor.name]))
    return {
      ...flavor,
      snapshotConflicts: flavor.snapshotConflicts && isAtLeast(found, since),
      returnsRows: flavor.returnsRows && isAtLeast(found, RETURNING_SINCE),
      descendingIndexes: isAtLeast(found, DESCENDING_SINCE[flavor.name]),
    };
  throw new SchemaError(`The server is ${version}; this engine needs MariaDB 10.6 or MySQL 8.0.23 at least`);
}

function isAtLeast(found: readonly number[], wanted: readonly number[]): boolean {
  for (const [index, part] of wanted.entries()) if (found[index] !== part) return (found[index] ?? 0) > part;
  return true;
}
