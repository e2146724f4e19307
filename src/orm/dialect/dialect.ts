import type { Portable } from '../entity/codec.js';
import type { FieldOptions } from '../entity/field-types.js';
import type { FieldMeta } from '../entity/metadata.js';
import type { CellExport } from './cell-export.js';
import type { Counters } from './counters.js';
import type { CsvExport } from './csv-export.js';
import type { CsvImport } from './csv-import.js';
import type { Connection, Driver } from './driver.js';
import type { ForeignTables } from './foreign-tables.js';
import type { JsonCondition, JsonPath, JsonScalar } from './json-path.js';
import type { NativeBackup } from './native-backup.js';
import type { ColumnCopy, RowTrigger, SchemaStep, TableShape, TriggerShape } from './shape.js';
import type { TableSwap } from './table-swap.js';
import type { SslOption } from './tls.js';

/** How one field lives in an engine. */
export interface ColumnCodec {
  /** The engine's own type text. */
  readonly type: string;
  /** `undefined` where the portable value is what the driver binds. */
  readonly toRaw: ((portable: never) => unknown) | undefined;
  /** `undefined` where the driver's value is already portable. */
  readonly fromRaw: ((raw: never) => Portable) | undefined;
  /** Raw value → JavaScript value, where that is shorter than over the portable one. */
  readonly toValue?: ((raw: never) => unknown) | undefined;
  /** `textOf` the column → portable value, where that is shorter than over the raw one. */
  readonly fromText?: ((text: string) => Portable) | undefined;
  /** The driver must deliver this column's integers as bigint. */
  readonly bigints: boolean;
  /**
   * SQL that says whether the column holds a value, where a null-safe equality does not tell; NULL where it cannot know.
   * @param next a placeholder for the value, anew at each call.
   */
  readonly holds?: ((column: string, next: () => string) => string) | undefined;
  /** A placeholder as a value of the column, where the engine would else compare it as something less exact. */
  readonly typed?: ((placeholder: string) => string) | undefined;
  /** How the column is added up, where the engine's own SUM is not exact. */
  readonly addition?: Addition | undefined;
}

/** The sum of a column as several sums of integers. */
export interface Addition {
  expressions(column: string): readonly string[];
  /** @returns the sum, counted in the last digit of the column. */
  total(sums: readonly bigint[]): bigint;
}

export interface Capabilities {
  /** A transaction that changes tables can be rolled back. */
  readonly transactionalDdl: boolean;
  /** Most parameters of one statement. */
  readonly maxParameters: number;
  /** Write transactions run one at a time, so that what one has read stays true until it ends. */
  readonly writersTakeTurns: boolean;
  /** A statement that fails inside a transaction leaves it as it was before. */
  readonly undoesStatements: boolean;
  /**
   * A statement may write what another one inside it has changed: `WITH … AS (UPDATE … RETURNING …) INSERT …`. So row
   * and version are one statement; on other engines triggers record the versions.
   */
  readonly writableCtes: boolean;
  /** Most reads by id that are sent one by one; what is asked for while so many are on their way travels together. */
  readonly soloReads: number;
  /** `INSERT … ON CONFLICT … DO UPDATE … WHERE … RETURNING`; others may have `indexedUpsert`. */
  readonly upserts: boolean;
  /** The database runs inside this process: a statement costs no round trip. */
  readonly embedded: boolean;
  /** Most bytes of a pattern of LIKE. */
  readonly longestPattern: number;
}

/** A whole column of many rows as one parameter, to be unnested: one statement, whatever the number of rows. */
export interface ColumnArrays {
  /** What a value is cast to, from the type of its column. */
  elementType(columnType: string): string;
  /** Raw values as the text of an array. */
  encode(values: readonly unknown[]): string;
}

/** The parts of a change of one row. Each binds its parameters when it is asked for, so in the order of the statement. */
export interface ReturningChange {
  /** Quoted. */
  readonly table: string;
  readonly columns: string;
  /** @param row what stands before a column of the row as it is. */
  assignments(row: string): string;
  condition(row: string): string;
}

/** The parts of a change of many rows; each binds its parameters when it is asked for, as those of one row do. */
export interface ManyReturningChange {
  /** Quoted. */
  readonly table: string;
  readonly id: string;
  readonly columns: string;
  /** The columns that are answered. */
  readonly answer: string;
  /** @param row what stands before a column of the row as it is. */
  assignments(row: string): string;
  /** It says the columns of the table without its name. */
  condition(): string;
}

/** The parts of an upsert by the name of an index. Names are quoted. */
export interface IndexedUpsert {
  readonly table: string;
  readonly columns: string;
  /** Placeholders of the columns, in their order: a list in parentheses for each row. */
  readonly rows: string;
  readonly index: string;
  /** The columns that tell which row is meant. */
  readonly key: readonly string[];
  /** What is written over a stored row. */
  readonly changed: ReadonlyArray<{ readonly quoted: string; readonly holds: ColumnCodec['holds'] }>;
  readonly deletedAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
  readonly version: string;
}

/** Row triggers, which record versions where a statement cannot do it by itself. */
export interface TriggerDialect {
  /** The statement that makes it, letter by letter as the engine shows it afterwards. */
  sql(trigger: RowTrigger): string;
  /** Turns some triggers of a table into others, if it can without a moment in which the table has neither. */
  change(table: string, current: readonly TriggerShape[], target: readonly TriggerShape[]): SchemaStep[];
}

/** Keys of a table that units take turns by; no rows need to be there. */
export interface LockedKeys {
  readonly table: string;
  readonly keys: readonly string[];
  /** Whether they are so many that all keys of the table may be held instead. */
  readonly whole: boolean;
}

/** Everything in which engines differ. Code above never asks which engine it is. */
export interface Dialect {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Follows a SELECT whose rows are about to be changed. */
  readonly rowLock: string;
  /** The same where the rows are about to be gone: rows that reference them wait as well. */
  readonly removalLock: string;
  quote(identifier: string): string;
  /**
   * What, outside of quotes, begins something in which parentheses do not count, beside what every engine has: no condition
   * written as text may contain it.
   */
  readonly misleading: RegExp;
  /** @param position from 1. */
  placeholder(position: number): string;
  /** What stands for an equality that also matches two NULLs. */
  readonly nullSafeEquals: string;
  /** The server's own time as Unix ms; left out by engines that run in this process. */
  readonly serverTime?: string;
  /** The function that takes the greater of two values. */
  readonly greatest: string;
  /** What follows an ORDER BY term whose column may be NULL, so that NULL comes first, and last in descending order. */
  readonly nullOrder: { readonly asc: string; readonly desc: string };
  /**
   * The condition that a column is NULL, as it is in nearly all rows, for engines that would take IS NULL for a rare thing in a
   * table that they do not know yet.
   */
  mostlyNull?(column: string): string;
  column(field: FieldMeta): ColumnCodec;
  /** The field whose column has that type; `undefined` for a type that no field has. */
  fieldOf(type: string): FieldOptions | undefined;
  /** A value of any type as text. */
  textOf(expression: string): string;
  /** What tables need that someone else made. */
  readonly foreignTables: ForeignTables;
  readonly counters: Counters;
  /** Left out by engines that have no arrays. */
  readonly arrays?: ColumnArrays;
  /** Left out by engines that write no CSV by themselves. */
  readonly csvExport?: CsvExport;
  /** Left out by engines that cannot, or have `csvExport`. */
  readonly cellExport?: CellExport;
  /** Left out by engines that read no CSV by themselves. */
  readonly csvImport?: CsvImport;
  /** A portable value as an SQL literal of a DEFAULT clause. */
  literal(raw: unknown): string;
  /** An expression as a value of a column type, for engines that would otherwise not know what NULL or a literal is. */
  cast(expression: string, type: string): string;
  /** Whether a column can change from one type to another without losing a value. */
  widens(from: string, to: string): boolean;
  /**
   * The condition of the rows whose value would not fit, where a column type differs from another one only in size;
   * `undefined` where values would have to be read otherwise.
   * @param column quoted.
   */
  misfits(column: string, from: string, to: string): string | undefined;
  /** One statement that changes the row that meets a condition and answers it; left out where there is none. */
  changeReturning?(change: ReturningChange): string;
  /**
   * The same for every row that meets a condition. Engines that have it can also answer the rows of a DELETE. Left out by
   * those with `writableCtes`, which need it for nothing.
   */
  changeManyReturning?(change: ManyReturningChange): string;
  /**
   * What follows an INSERT so that, of a row whose id exists, it writes these columns. Left out by engines that have
   * `arrays` or are `embedded`, which need it for nothing.
   */
  overwrite?(columns: readonly string[]): string;
  /** A parameter of a hand-written statement as the driver binds it. @throws ValidationError for arrays and objects. */
  bind(value: unknown): unknown;
  /** Whether the value at a path of a json column is that scalar; NULL where there is none, or null, as in a comparison of fields. */
  jsonEquals(column: string, path: JsonPath, value: JsonScalar): JsonCondition;
  /**
   * One statement that inserts rows or, where one has the same key, changes that one if it differs, and answers each stored
   * row: perhaps unchanged, or another one that stands against it. Refused where the index is not there. For engines that
   * have no `upserts`; left out where this cannot be done either.
   */
  indexedUpsert?(upsert: IndexedUpsert): string;
  /** An upsert names columns that no unique key covers. Left out by engines that know no upserts. */
  lacksKey?(error: unknown): boolean;
  /** Worth another try of the whole unit of work. */
  isTransient(error: unknown): boolean;
  /** The server says that it has undone the whole transaction: also where that is the answer to COMMIT. */
  isUndone(error: unknown): boolean;
  /** Says something about the server's health, not about the statement. */
  isOutage(error: unknown): boolean;

  /** Holds off every other unit that works on one of the keys, taken in their order, until the transaction ends. */
  lockKeys(connection: Pick<Connection, 'all'>, locked: LockedKeys): Promise<void>;
  /**
   * Holds off every other migrator until the unit ends.
   * @param autocommit whether the unit is no transaction.
   */
  lockMigrations(connection: Pick<Connection, 'all'>, autocommit: boolean): Promise<void>;
  /** Left out by engines with `transactionalDdl`, which need none. */
  readonly swap?: TableSwap;
  /** Nobody else writes to these tables until the transaction ends; what others have begun is waited for. */
  holdWriters?(connection: Pick<Connection, 'run'>, tables: readonly string[]): Promise<void>;
  introspect(connection: Pick<Connection, 'all'>): Promise<TableShape[]>;
  createTable(table: TableShape): SchemaStep[];
  /**
   * Its triggers stay as they are.
   * @param large whether what takes long must be done in `online` steps.
   */
  changeTable(current: TableShape, target: TableShape, copies: readonly ColumnCopy[], large: boolean): SchemaStep[];
  dropTable(name: string): SchemaStep[];
  /** Left out by engines with `writableCtes`, which need none. */
  readonly triggers?: TriggerDialect;
}

export interface OpenOptions {
  readonly acquireTimeoutMs: number;
  /** Most connections, for engines that have many. */
  readonly poolSize?: number;
  /** Longest run of one statement, ms; 0 is no limit. */
  readonly statementTimeoutMs?: number;
  /** A connection that nobody wanted for so long is closed, ms. */
  readonly idleTimeoutMs?: number;
  readonly ssl?: SslOption;
}

/** What an engine folder exports as `openEngine`. */
export interface Engine {
  readonly dialect: Dialect;
  readonly driver: Driver;
  /** Nothing is left once the last connection closes. */
  readonly volatile: boolean;
  /** Left out where there is nothing but the CSV. */
  readonly native?: NativeBackup;
}
