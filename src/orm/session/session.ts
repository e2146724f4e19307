import type { Isolation, RawRow, Row } from '../dialect/driver.js';
import type { DatabaseCore } from './database-core.js';
import type { Scope } from './scope.js';
import type { ChangeEvent } from './watch/write-event.js';

export interface UnitOptions {
  isolation?: Isolation;
  /** Refuses every write; on a file the reads see one moment. */
  readOnly?: boolean;
  /** Ends the unit with a rollback: the statement that runs, and the wait for a connection. */
  signal?: AbortSignal;
  /** The unit changes tables. */
  schemaChange?: boolean;
  /** The unit is no transaction: what it has done stays done when it fails. */
  autocommit?: boolean;
  /** Its statements may take as long as they need. */
  patient?: boolean;
}

/** Runs after the unit of work that registered it has ended. */
export type Hook = () => unknown;

/** Where statements run: a database as a whole, or one transaction of it. */
export interface Session {
  readonly core: DatabaseCore;
  /** Where reads may run whose answers nothing is written from: they may be a moment behind. */
  readonly reader: Session;
  /** Whether what is read here may be written by the same transaction. */
  readonly mayWrite: boolean;
  all(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]>;
  /** @returns how many rows were changed. */
  run(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<number>;
  /** A writing statement that answers rows. */
  change(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]>;
  objects(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<Row[]>;
  /** All of `work` or nothing: a transaction, or a savepoint inside one. */
  unit<T>(work: (scope: Scope) => Promise<T>, options?: UnitOptions): Promise<T>;
  /** Listeners hear of it once it is committed. */
  recordWrite(event: ChangeEvent): void;
  afterCommit(hook: Hook): void;
  afterRollback(hook: Hook): void;
}
