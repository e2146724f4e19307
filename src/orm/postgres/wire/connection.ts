import type { Client } from 'pg';
import { ConnectionError, KernelError } from '../../../base/errors.js';
import type { TakeLines } from '../../dialect/csv-export.js';
import type { BeginOptions, PageLimit, RawRow, Row } from '../../dialect/driver.js';
import type { Pace } from '../../pool/pace.js';
import type { PooledConnection } from '../../pool/pooled-connection.js';
import { endsConnection, isStalePlan, mapPostgresError } from '../errors.js';
import { cancelStatement } from './cancel.js';
import { CopySink } from './copy-sink.js';
import { CopySource } from './copy-source.js';
import { Exchange, type ExchangeOptions, type ExchangeResult, type Message } from './exchange.js';
import { Pipeline } from './pipeline.js';
import { toObjects } from './result-values.js';
import { StatementCache } from './statement-cache.js';
import { wireValue } from './wire-values.js';

/** Statements that can only fail when the next one would, too: they travel with it instead of taking a trip of their own. */
const TRAVELS_ALONG = /^(SAVEPOINT|RELEASE SAVEPOINT) \w+$/;

/** The name of a cursor; a connection has one at a time. */
const CURSOR = 'kernel_rows';

/** How long a change of tables waits for others to let go of a table before it makes room and tries again. */
const DDL_LOCK_TIMEOUT_MS = 2_000;

/** One session of a PostgreSQL server, from sign-in on. */
export class PostgresConnection implements PooledConnection {
  readonly #client: Client;
  readonly #another: () => Client;
  readonly #pipeline: Pipeline;
  readonly #pace: Pace;
  readonly #statements = new StatementCache();
  #waiting: string[] = [];
  #inTransaction = false;
  #alone = false;
  #patient = false;
  #broken: Error | undefined;
  #lastSql = '';

  /**
   * @param client is signed in; from here on it is left alone but for its end.
   * @param another makes a client for the same server, not yet connected.
   */
  constructor(client: Client, another: () => Client, pace: Pace) {
    this.#client = client;
    this.#another = another;
    this.#pace = pace;
    this.#pipeline = new Pipeline(client.connection.stream, (fault) => this.#break(fault));
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

  /** Since when the server has been at the statement it is at now, by `performance.now()`. */
  get busySince(): number | undefined {
    return this.#pipeline.headSince;
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

  async *cursor(sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void> {
    await this.run(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${sql}`, []);
    try {
      for (let isLast = false; !isLast; ) {
        const rows = limit();
        const page = await this.all(`FETCH ${rows} FROM ${CURSOR}`, []);
        if (page.length > 0) yield page;
        isLast = page.length < rows;
      }
    } finally {
      await this.run(`CLOSE ${CURSOR}`, []).catch(() => {}); // a fault has ended the transaction, and the cursor with it
    }
  }

  async copyOut(sql: string, take: TakeLines): Promise<void> {
    const sink = new CopySink(take, this.#pipeline.stream);
    const { tag } = await this.#send(sql, [], false, { sink });
    const lines = await sink.end();
    if (tag !== `COPY ${lines}`) throw new ConnectionError(`The server copied ${tag}, of which ${lines} lines arrived`);
  }

  async copyIn(sql: string, lines: AsyncIterable<Buffer>): Promise<number> {
    const source = new CopySource(lines);
    try {
      const { tag } = await this.#send(sql, [], false, { source });
      return Number(/^COPY (\d+)$/.exec(tag)?.[1]);
    } finally {
      await source.end(); // its own fault is the reason of the server's
    }
  }

  async begin(options: BeginOptions): Promise<void> {
    this.#assertUsable();
    this.#inTransaction = true;
    if (options.autocommit) return this.#beginAlone();
    const { isolation, readOnly, schemaChange, patient } = options;
    // Who only reads sees one moment, as on the other engines, and can meet no conflict.
    const level = isolation ?? (readOnly ? 'repeatable read' : 'read committed');
    this.#waiting.push(`BEGIN ISOLATION LEVEL ${level.toUpperCase()}${readOnly ? ' READ ONLY' : ''}`);
    this.#patient = schemaChange === true || patient === true;
    if (this.#patient) this.#waiting.push('SET LOCAL statement_timeout = 0');
    if (schemaChange) this.#waiting.push(`SET LOCAL lock_timeout = ${DDL_LOCK_TIMEOUT_MS}`);
  }

  async commit(): Promise<void> {
    if (this.#alone) return;
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
    if (this.#alone) return;
    if (this.#nothingSent()) return this.#forgetTransaction();
    if (!this.#inTransaction) return;
    this.#waiting = [];
    await this.#send('ROLLBACK', [], false);
    this.#forgetTransaction();
  }

  /** Ends the statement that runs. Resolves when the server has been told so. @throws when it does not listen. */
  cancel(): Promise<void> {
    return cancelStatement(this.#client, this.#another());
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

  /** What it sets for its session ends with the session: `broken` stays true, so that nobody else gets it. */
  async #beginAlone(): Promise<void> {
    this.#alone = true;
    this.#patient = true;
    await this.all('SET statement_timeout = 0', []);
    await this.all(`SET lock_timeout = ${DDL_LOCK_TIMEOUT_MS}`, []);
  }

  #nothingSent(): boolean {
    return this.#inTransaction && (this.#waiting[0]?.startsWith('BEGIN') ?? false);
  }

  #forgetTransaction(): void {
    this.#waiting = [];
    this.#inTransaction = false;
    this.#patient = false;
  }

  async #send(
    sql: string,
    params: readonly unknown[],
    describe: boolean,
    copy: Pick<ExchangeOptions, 'sink' | 'source'> = {},
  ): Promise<ExchangeResult> {
    this.#assertUsable();
    const messages: Message[] = [];
    for (const statement of this.#waiting) messages.push({ statement: this.#statements.get(statement), values: [] });
    messages.push({ statement: this.#statements.get(sql), values: params.map(wireValue) });
    this.#waiting = [];
    this.#lastSql = sql;
    const exchange = new Exchange(messages, { doomed: this.#statements.takeDoomed(), describe, ...copy });
    this.#pipeline.send(exchange);
    try {
      const result = await exchange.answered;
      this.#pace.note(sql, exchange.tookMs, exchange.alone);
      return result;
    } catch (error) {
      throw this.#failed(error, exchange, sql);
    }
  }

  #failed(error: unknown, { messages, parsing }: Exchange, sql: string): Error {
    const doubtful = isStalePlan(error) ? messages.map(({ statement }) => statement) : parsing;
    for (const statement of doubtful) this.#statements.forget(statement);
    const mapped = mapPostgresError(error, sql);
    if (endsConnection(mapped)) this.#broken ??= mapped;
    return mapped;
  }

  #assertUsable(): void {
    if (this.#broken) throw this.#broken;
  }

  #break(error: Error): void {
    this.#broken ??=
      error instanceof KernelError ? error : new ConnectionError('The connection was lost', { cause: error });
    this.#pipeline.fail(this.#broken);
  }
}
