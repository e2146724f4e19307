/** One statement that has been run: never with its values, unless `connect(url, { debug: true })`. */
export interface QueryEvent {
  /** With placeholders; `BEGIN`, `COMMIT` and `ROLLBACK` for the ends of a transaction. */
  readonly sql: string;
  /** Milliseconds until its answer was there, with the wait for the database but not for a connection. */
  readonly durationMs: number;
  /** Rows answered or changed; `undefined` where it failed. */
  readonly rows: number | undefined;
  /** Why it failed. */
  readonly error: unknown;
  readonly requestId: string | undefined;
  /** Its values, in debug mode alone. */
  readonly params: readonly unknown[] | undefined;
}

/** Called in the order of registration; what it throws or rejects with is logged. */
export type QueryListener = (event: QueryEvent) => unknown;
