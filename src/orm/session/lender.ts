import type { Connection, DirectStatements, Driver, PoolStats, Purpose } from '../dialect/driver.js';
import { untilAborted } from './until-aborted.js';
import type { StatementWatch } from './watch/statement-watch.js';
import { bare, WatchedConnection } from './watch/watched-connection.js';
import { WatchedStatements } from './watch/watched-statements.js';

/** The connections of one server as sessions use them: lent, watched while somebody wants to know, ended by signals. */
export class Lender {
  readonly #driver: Driver;
  readonly #watch: StatementWatch;
  readonly #timeoutMs: number;

  /** @param timeoutMs longest wait for a connection. */
  constructor(driver: Driver, watch: StatementWatch, timeoutMs: number) {
    this.#driver = driver;
    this.#watch = watch;
    this.#timeoutMs = timeoutMs;
  }

  stats(): PoolStats {
    return this.#driver.stats();
  }

  onlyReads(sql: string): boolean {
    return this.#driver.purposeOf(sql) === 'read';
  }

  /** @param statement the only one it is wanted for: such a connection may be shared. */
  async acquire(purpose: Purpose, signal?: AbortSignal, statement?: string): Promise<Connection> {
    const options = { timeoutMs: this.#timeoutMs, ...(signal && { signal }), ...(statement && { statement }) };
    const connection = await this.#driver.acquire(purpose, options);
    return this.#watch.awake ? new WatchedConnection(connection, this.#watch) : connection;
  }

  release(connection: Connection, broken = false): void {
    this.#driver.release(bare(connection), broken);
  }

  /** Runs a statement that `signal` ends, on a connection that nobody shares. */
  abortable<T>(signal: AbortSignal, connection: Connection, statement: () => Promise<T>): Promise<T> {
    return untilAborted(signal, statement, {
      cancel: () => this.#driver.cancel(bare(connection)),
      giveUp: () => this.release(connection, true),
    });
  }

  /**
   * Runs one statement on a connection, which others may share: not where it may be ended, for what the server ends is
   * whatever runs there.
   */
  async borrow<T>(
    purpose: Purpose,
    sql: string,
    work: (connection: Connection) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const connection = await this.acquire(purpose, signal, signal ? undefined : sql);
    this.#watch.statements += 1;
    try {
      return await (signal ? this.abortable(signal, connection, () => work(connection)) : work(connection));
    } finally {
      this.release(connection);
    }
  }

  /** For one statement that runs in this very turn; `undefined` where it has to be borrowed for. */
  direct(purpose: 'read' | 'write'): DirectStatements | undefined {
    if (this.#watch.traces) return undefined;
    const statements = this.#driver.direct?.(purpose);
    return statements && this.#watch.awake ? new WatchedStatements(statements, this.#watch) : statements;
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}
