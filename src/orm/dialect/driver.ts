/** A row as an array of raw engine values, in the order of the selected columns. */
export type RawRow = unknown[];

/** A row of a hand-written query, by column name. */
export type Row = Record<string, unknown>;

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export interface BeginOptions {
  isolation?: Isolation;
  readOnly?: boolean;
  /** The transaction changes tables; references are checked as a whole before it commits. */
  schemaChange?: boolean;
  /** Its statements may take as long as they need; so may those of a schema change. */
  patient?: boolean;
}

/** One open connection. Every error it throws is a `KernelError`. */
export interface Connection {
  /** @param bigints integers come as bigint. */
  all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]>;
  /** Integers beyond the safe range come as bigint. */
  objects(sql: string, params: readonly unknown[]): Promise<Row[]>;
  /** @returns how many rows were changed. */
  run(sql: string, params: readonly unknown[]): Promise<number>;
  begin(options: BeginOptions): Promise<void>;
  /** @throws when references are broken after a schema change. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** What a connection is wanted for: one reading statement, a read-only transaction, or writing. */
export type Purpose = 'read' | 'snapshot' | 'write';

export interface AcquireOptions {
  /** Longest wait, ms. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/** The connections of one database. */
export interface Driver {
  /** What a hand-written statement needs. */
  purposeOf(sql: string): 'read' | 'write';
  /** @throws TimeoutError naming how long the holder has had it. */
  acquire(purpose: Purpose, options: AcquireOptions): Connection | Promise<Connection>;
  /** @param broken the connection is in an unknown state and must not be used again. */
  release(connection: Connection, broken?: boolean): void;
  close(): Promise<void>;
}
