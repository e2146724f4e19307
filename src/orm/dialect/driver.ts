import type { TakeLines } from './csv-export.js';

/** A row as an array of raw engine values, in the order of the selected columns. */
export type RawRow = unknown[];

/** A row of a hand-written query, by column name. */
export type Row = Record<string, unknown>;

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export interface BeginOptions {
  isolation?: Isolation;
  readOnly?: boolean;
  /** Nothing is begun: every statement commits itself. Locks are held until the end all the same. */
  autocommit?: boolean;
  /** The transaction changes tables; references are checked as a whole before it commits. */
  schemaChange?: boolean;
  /** Its statements may take as long as they need; so may those of a schema change. */
  patient?: boolean;
  /** Ends a wait for the beginning. */
  signal?: AbortSignal;
}

/** Says before each page of a cursor how many rows it may have at most. */
export type PageLimit = () => number;

/** One open connection. Every error it throws is a `KernelError`. */
export interface Connection {
  /** @param bigints integers come as bigint. */
  all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]>;
  /** Integers beyond the safe range come as bigint. */
  objects(sql: string, params: readonly unknown[]): Promise<Row[]>;
  /** @returns how many rows were changed. */
  run(sql: string, params: readonly unknown[]): Promise<number>;
  /** Runs one statement for each list of parameters. Left out: there is no faster way than one after another. */
  runEach?(sql: string, runs: ReadonlyArray<readonly unknown[]>): Promise<void>;
  /**
   * The rows of a SELECT in pages, inside a transaction: the engine makes the result once, and this process holds one page
   * of it. Left early, by `return` or `break`, it is closed. Nothing else may run here meanwhile.
   */
  cursor(sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void>;
  /** Runs a statement of `CsvExport`. Left out by engines that have none. */
  copyOut?(sql: string, take: TakeLines): Promise<void>;
  /**
   * Runs a statement of `CsvImport`. Left out by engines that have none.
   * @returns how many rows were copied. @throws what `lines` throws, and then nothing is copied.
   */
  copyIn?(sql: string, lines: AsyncIterable<Buffer>): Promise<number>;
  begin(options: BeginOptions): Promise<void>;
  /** @throws when references are broken after a schema change. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * Statements that run in the very turn of their caller, as an engine inside this process can. `undefined` says that
 * another process stands in the way and nothing has been run. Every error is a `KernelError`.
 */
export interface DirectStatements {
  all(sql: string, params: readonly unknown[], bigints?: boolean): RawRow[] | undefined;
  /** @returns how many rows were changed. */
  run(sql: string, params: readonly unknown[]): number | undefined;
}

/** What a connection is wanted for: one reading statement, a read-only transaction, or writing. */
export type Purpose = 'read' | 'snapshot' | 'write';

export interface AcquireOptions {
  /** Longest wait, ms. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** The one statement that the connection is wanted for, so that it may be shared with others like it. */
  statement?: string;
}

/** The connections of one database, counted. */
export interface PoolStats {
  /** Most connections it may open. */
  readonly size: number;
  readonly idle: number;
  readonly inUse: number;
  /** Callers who wait for a connection. */
  readonly waiting: number;
}

/** The connections of one database. */
export interface Driver {
  stats(): PoolStats;
  /** What a hand-written statement needs. */
  purposeOf(sql: string): 'read' | 'write';
  /** @throws TimeoutError naming how long the holder has had it. */
  acquire(purpose: Purpose, options: AcquireOptions): Connection | Promise<Connection>;
  /**
   * For one statement outside of transactions, which is over before anybody else gets a turn: nothing is taken and nothing
   * has to be given back. `undefined` while there is somebody to wait for. Left out by servers.
   */
  direct?(purpose: 'read' | 'write'): DirectStatements | undefined;
  /** @param broken the connection is in an unknown state and must not be used again. */
  release(connection: Connection, broken?: boolean): void;
  /**
   * Ends the statement that runs on a connection which nobody shares. Resolves when the connection is fit for another
   * statement; where the statement has ended meanwhile, that is all. @throws when the server could not be told.
   */
  cancel(connection: Connection): Promise<void>;
  close(): Promise<void>;
}
