import type { Client } from 'pg';
import { ConnectionError, KernelError, TimeoutError } from '../../base/errors.js';
import type { BeginOptions, Connection, RawRow, Row } from '../dialect/driver.js';
import { endsConnection, isStalePlan, mapPostgresError } from './errors.js';
import { Exchange, type ExchangeResult, type Message } from './exchange.js';
import { toObjects } from './result-values.js';
import { StatementCache } from './statement-cache.js';
import { wireValue } from './wire-values.js';

/** Statements that can only fail when the next one would, too: they travel with it instead of taking a trip of their own. */
const TRAVELS_ALONG = /^(SAVEPOINT|RELEASE SAVEPOINT) \w+$/;

/** How long a change of tables waits for others to let go of a table before it makes room and tries again. */
const DDL_LOCK_TIMEOUT_MS = 5_000;

/** One session of a PostgreSQL server. */
export class PostgresConnection implements Connection {
  readonly #client: Client;
  readonly #statements = new StatementCache();
  #waiting: string[] = [];
  #inTransaction = false;
  #patient = false;
  #broken: Error | undefined;
  #busySince: number | undefined;
  #lastSql = '';

  constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => this.#break(error));
    client.on('end', () => this.#break(new Error('Connection terminated')));
  }

  /** Whether it must not be used again. */
  get broken(): boolean {
    return this.#broken !== undefined || this.#inTransaction;
  }

  /** Whether its statements may take as long as they need. */
  get patient(): boolean {
    return this.#patient;
  }

  /** When the statement that is running now was sent, by `performance.now()`. */
  get busySince(): number | undefined {
    return this.#busySince;
  }

  /** The statement that was sent last, without its values. */
  get lastSql(): string {
    return this.#lastSql;
  }

  onBreak(listener: () => void): void {
    this.#client.once('end', listener);
  }

  async all(sql: string, params: readonly unknown[]): Promise<RawRow[]> {
    return (await this.#send(sql, params, false)).rows;
  }

  async objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    const { rows, columns } = await this.#send(sql, params, true);
    return toObjects(rows, columns);
  }

  async run(sql: string, params: readonly unknown[]): Promise<number> {
    if (params.length === 0 && TRAVELS_ALONG.test(sql)) {
      this.#waiting.push(sql);
      return 0;
    }
    const { tag } = await this.#send(sql, params, false);
    return Number(/\d+$/.exec(tag)?.[0] ?? 0);
  }

  async begin({ isolation = 'read committed', readOnly, schemaChange, patient }: BeginOptions): Promise<void> {
    this.#assertUsable();
    this.#inTransaction = true;
    this.#waiting.push(`BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}${readOnly ? ' READ ONLY' : ''}`);
    this.#patient = schemaChange === true || patient === true;
    if (this.#patient) this.#waiting.push('SET LOCAL statement_timeout = 0');
    if (schemaChange) this.#waiting.push(`SET LOCAL lock_timeout = ${DDL_LOCK_TIMEOUT_MS}`);
  }

  async commit(): Promise<void> {
    if (this.#nothingSent()) return this.#forgetTransaction();
    const { tag } = await this.#send('COMMIT', [], false);
    this.#forgetTransaction();
    if (tag === 'COMMIT') return;
    throw new KernelError(
      'E_TRANSACTION_FAILED',
      'A statement of the transaction failed, so the server rolled all of it back; give what may fail its own dbContext',
    );
  }

  async rollback(): Promise<void> {
    if (this.#nothingSent()) return this.#forgetTransaction();
    if (!this.#inTransaction) return;
    this.#waiting = [];
    await this.#send('ROLLBACK', [], false);
    this.#forgetTransaction();
  }

  /** Ends the session at once; what is running is answered with `reason`. */
  destroy(reason: Error): void {
    this.#break(reason);
    this.#client.connection.stream.destroy(reason);
  }

  async close(): Promise<void> {
    try {
      await this.#client.end();
    } catch {
      // The session is gone either way.
    }
  }

  #nothingSent(): boolean {
    return this.#inTransaction && (this.#waiting[0]?.startsWith('BEGIN') ?? false);
  }

  #forgetTransaction(): void {
    this.#waiting = [];
    this.#inTransaction = false;
    this.#patient = false;
  }

  async #send(sql: string, params: readonly unknown[], describe: boolean): Promise<ExchangeResult> {
    this.#assertUsable();
    const messages: Message[] = [];
    for (const statement of this.#waiting) messages.push({ statement: this.#statements.get(statement), values: [] });
    messages.push({ statement: this.#statements.get(sql), values: params.map(wireValue) });
    this.#waiting = [];
    this.#lastSql = sql;
    this.#busySince = performance.now();
    try {
      return await this.#exchange(messages, describe);
    } catch (error) {
      throw this.#failed(error, messages, sql);
    } finally {
      this.#busySince = undefined;
    }
  }

  #exchange(messages: readonly Message[], describe: boolean): Promise<ExchangeResult> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined, result: ExchangeResult): void =>
        error ? reject(error) : resolve(result);
      this.#client.query(new Exchange(messages, this.#statements.takeDoomed(), describe, settle));
    });
  }

  #failed(error: unknown, messages: readonly Message[], sql: string): Error {
    const stale = isStalePlan(error);
    for (const { statement } of messages) if (stale || !statement.parsed) this.#statements.forget(statement);
    if (this.#broken instanceof TimeoutError) return this.#broken;
    const mapped = mapPostgresError(error, sql);
    if (endsConnection(mapped)) this.#broken ??= mapped;
    return mapped;
  }

  #assertUsable(): void {
    if (this.#broken) throw mapPostgresError(this.#broken);
  }

  #break(error: Error): void {
    this.#broken ??=
      error instanceof KernelError ? error : new ConnectionError('The connection was lost', { cause: error });
  }
}
