import type { Portable } from '../entity/codec.js';
import type { FieldMeta } from '../entity/metadata.js';
import type { Connection, Driver } from './driver.js';
import type { ColumnCopy, SchemaStep, TableShape } from './shape.js';

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
  /** The driver must deliver this column's integers as bigint. */
  readonly bigints: boolean;
}

export interface Capabilities {
  /** A transaction that changes tables can be rolled back. */
  readonly transactionalDdl: boolean;
  /** Most parameters of one statement. */
  readonly maxParameters: number;
  /** Write transactions run one at a time, so that what one has read stays true until it ends. */
  readonly writersTakeTurns: boolean;
  /** A statement outside a transaction is one by itself, and waits for locks as any other. */
  readonly autocommit: boolean;
  /** A statement may write what another one inside it has changed: `WITH … AS (UPDATE … RETURNING …) INSERT …`. */
  readonly writableCtes: boolean;
}

/** Everything in which engines differ. Code above never asks which engine it is. */
export interface Dialect {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Follows a SELECT whose rows are about to be changed. */
  readonly rowLock: string;
  quote(identifier: string): string;
  /** @param position from 1. */
  placeholder(position: number): string;
  /** What stands for an equality that also matches two NULLs. */
  readonly nullSafeEquals: string;
  /** What follows an ORDER BY term whose column may be NULL, so that NULL comes first, and last in descending order. */
  readonly nullOrder: { readonly asc: string; readonly desc: string };
  column(field: FieldMeta): ColumnCodec;
  /** A portable value as an SQL literal of a DEFAULT clause. */
  literal(raw: unknown): string;
  /** An expression as a value of a column type, for engines that would otherwise not know what NULL or a literal is. */
  cast(expression: string, type: string): string;
  /** Whether a column can change from one type to another without losing a value. Left out: never. */
  widens?(from: string, to: string): boolean;
  /** A parameter of a hand-written statement as the driver binds it. @throws ValidationError for arrays and objects. */
  bind(value: unknown): unknown;
  /** Worth another try of the whole unit of work. */
  isTransient(error: unknown): boolean;
  /** Says something about the server's health, not about the statement. */
  isOutage(error: unknown): boolean;

  /** Holds off every other unit that works on the same key, until the transaction ends. */
  lockKey(connection: Pick<Connection, 'all'>, key: string): Promise<void>;
  /** Holds off every other migrator until the transaction ends. */
  lockMigrations(connection: Pick<Connection, 'all'>): Promise<void>;
  introspect(connection: Pick<Connection, 'all'>): Promise<TableShape[]>;
  createTable(table: TableShape): SchemaStep[];
  changeTable(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[];
  dropTable(name: string): SchemaStep[];
}

export interface OpenOptions {
  readonly acquireTimeoutMs: number;
  /** Most connections, for engines that have many. */
  readonly poolSize?: number;
  /** Longest run of one statement, ms. */
  readonly statementTimeoutMs?: number;
}

/** What an engine folder exports as `openEngine`. */
export interface Engine {
  readonly dialect: Dialect;
  readonly driver: Driver;
  /** Nothing is left once the last connection closes. */
  readonly volatile: boolean;
}
