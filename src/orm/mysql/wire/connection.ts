import type { Duplex } from 'node:stream';
import type { Connection as RawConnection } from 'mysql2';
import { ConnectionError, ConstraintError, ValidationError } from '../../../base/errors.js';
import type { BeginOptions, PageLimit, RawRow, Row } from '../../dialect/driver.js';
import type { Pace } from '../../pool/pace.js';
import type { PooledConnection } from '../../pool/pooled-connection.js';
import { endsConnection, endsTransaction, mapMysqlError, withColumns } from '../errors.js';
import type { Flavor } from '../flavor.js';
import { indexColumns } from '../schema/introspector.js';
import { RELEASE_LOCKS, takesLock } from '../schema/locks.js';
import { danglingReference } from '../schema/references.js';
import { UNLOCK_TABLES } from '../schema/triggers.js';
import { statementLimitSql } from './open-connection.js';
import { Pipeline } from './pipeline.js';
import { executeRequest, queryRequest, quitRequest } from './request.js';
import { toObjects } from './result-values.js';
import { rowPages } from './row-pages.js';
import { StatementCache } from './statement-cache.js';
import { StatementExchange, type StatementResult, type Wanted } from './statement-exchange.js';

/** How long a change of a table waits for others to let go of it, holding up everyone who comes after. */
const TABLE_LOCK_SECONDS = 2;

/** What all connections of a database share. */
export interface Shared {
  readonly flavor: Flavor;
  /** Most bytes of one request. */
  readonly longestRequest: number;
  readonly statementTimeoutMs: number;
  readonly pace: Pace;
  /** Ends what a session runs. @throws when the server does not listen. */
  kill(threadId: number): Promise<void>;
  /** The columns of indexes that errors have named. */
  readonly keys: Map<string, readonly string[]>;
}

/** One session of a server, from sign-in on; statements with parameters are prepared once and kept. */
export class MysqlConnection implements PooledConnection {
  readonly #raw: RawConnection;
  readonly #pipeline: Pipeline;
  readonly #statements: StatementCache;
  readonly #shared: Shared;
  readonly #onBreak: Array<() => void> = [];
  #broken: Error | undefined;
  /** Why the server has undone the transaction by itself: nothing may follow but a rollback. */
  #doom: Error | undefined;
  #inTransaction = false;
  #schemaChange = false;
  #patient = false;
  #changed = false;
  #locks = false;
  #lastSql = '';

  /** @param raw is signed in; from here on it is left alone but for its end. */
  constructor(raw: RawConnection, shared: Shared) {
    this.#raw = raw;
    this.#shared = shared;
    const { stream } = raw as unknown as { readonly stream: Duplex };
    this.#pipeline = new Pipeline(stream, (fault) => this.destroy(lost(fault)));
    this.#statements = new StatementCache(this.#pipeline);
    raw.once('error', (error: Error) => this.#break(lost(error)));
    raw.once('end', () => this.#break(lost(Object.assign(new Error('The server hung up'), { fatal: true }))));
  }

  /** It must not be used again: it is gone, or left in the middle of a transaction. */
  get broken(): boolean {
    return this.#broken !== undefined || this.#inTransaction;
  }

  /** The statement that was sent last, without its values. */
  get lastSql(): string {
    return this.#lastSql;
  }

  /** Whether its statements may take as long as they need. */
  get patient(): boolean {
    return this.#patient;
  }

  /** Since when the server has been at the statement it is at now, by `performance.now()`. */
  get busySince(): number | undefined {
    return this.#pipeline.headSince;
  }

  async all(sql: string, params: readonly unknown[]): Promise<RawRow[]> {
    if (takesLock(sql)) this.#locks = true;
    return (await this.#run(sql, params, 'rows')).rows;
  }

  async objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    const { rows, columns } = await this.#run(sql, params, 'named rows');
    return toObjects(rows, columns);
  }

  async run(sql: string, params: readonly unknown[]): Promise<number> {
    this.#changed = true;
    const { changes, count } = params.length === 0 ? await this.#text(sql) : await this.#run(sql, params, 'count');
    return changes + count;
  }

  async *cursor(sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void> {
    const pages = rowPages(this.#pipeline, sql, limit);
    const next = (): ReturnType<typeof pages.next> => this.#attempt(sql, () => pages.next());
    try {
      for (let page = await next(); !page.done; page = await next()) yield page.value;
    } finally {
      await pages.return();
    }
  }

  async begin(options: BeginOptions): Promise<void> {
    try {
      await this.#begin(options);
    } catch (error) {
      this.#break(error as Error); // who knows which of its settings are already in force
      throw error;
    }
  }

  async commit(): Promise<void> {
    if (this.#schemaChange && this.#changed) await this.#assertReferences();
    await this.#text('COMMIT');
    this.#inTransaction = false;
    this.#restore();
  }

  async rollback(): Promise<void> {
    if (this.#broken) throw this.#broken;
    this.#doom = undefined;
    this.#inTransaction = false;
    await this.#text('ROLLBACK');
    this.#restore();
  }

  onBreak(listener: () => void): void {
    this.#onBreak.push(listener);
  }

  /** Ends the statement that runs. A kill that comes after its end may hit the next one, which is none of the caller's. */
  async cancel(): Promise<void> {
    await this.#shared.kill(this.#raw.threadId);
    await this.#text('DO 0').catch(() => {});
  }

  /** Says goodbye and closes. */
  async close(): Promise<void> {
    if (!this.#broken) await this.#pipeline.end(quitRequest());
  }

  /** Ends the session at once; what is running fails with `reason`. */
  destroy(reason: Error): void {
    this.#break(reason);
    this.#pipeline.destroy();
  }

  async #begin(options: BeginOptions): Promise<void> {
    const { isolation, readOnly, schemaChange = false, patient = schemaChange, autocommit } = options;
    this.#doom = undefined;
    this.#changed = false;
    this.#schemaChange = schemaChange;
    this.#patient = patient;
    const settings = [
      // Tables may be made before those they reference; the references are checked as a whole at the end.
      ...(schemaChange ? ['foreign_key_checks = 0', `lock_wait_timeout = ${TABLE_LOCK_SECONDS}`] : []),
      ...(patient ? [statementLimitSql(this.#shared.flavor, 0)] : []),
    ];
    if (settings.length > 0) await this.#text(`SET ${settings.join(', ')}`);
    if (autocommit) return;
    const level = isolation ?? (readOnly ? 'repeatable read' : undefined);
    if (level) await this.#text(`SET TRANSACTION ISOLATION LEVEL ${level.toUpperCase()}`);
    await this.#text(readOnly ? 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY' : 'BEGIN');
    this.#inTransaction = true;
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#pipeline.fail(this.#broken);
    for (const listener of this.#onBreak.splice(0)) listener();
  }

  /** Nobody has to wait for the answers: whoever uses the connection next comes after them. */
  #restore(): void {
    const { flavor, statementTimeoutMs } = this.#shared;
    if (this.#locks) this.#settle(RELEASE_LOCKS);
    if (this.#schemaChange) {
      this.#shared.keys.clear();
      this.#settle('SET foreign_key_checks = 1, lock_wait_timeout = DEFAULT');
      if (!flavor.replacesTriggers) this.#settle(UNLOCK_TABLES);
    }
    if (this.#patient) this.#settle(`SET ${statementLimitSql(flavor, statementTimeoutMs)}`);
    this.#locks = false;
    this.#schemaChange = false;
    this.#patient = false;
  }

  #settle(sql: string): void {
    this.#pipeline.send(new StatementExchange(queryRequest(sql), 'count')).catch((error: Error) => this.#break(error));
  }

  async #assertReferences(): Promise<void> {
    const broken = await danglingReference(this);
    if (!broken) return;
    throw new ConstraintError(
      { kind: 'foreign_key', table: broken.table, columns: [broken.column] },
      `Rows of ${broken.table} would reference rows of ${broken.target} that do not exist`,
    );
  }

  #run(sql: string, params: readonly unknown[], wanted: Wanted): Promise<StatementResult> {
    return this.#attempt(sql, async () => {
      const id = this.#statements.get(sql) ?? (await this.#statements.prepare(sql));
      const request = executeRequest(id, params);
      if (request.length >= this.#shared.longestRequest) throw tooLarge(request.length, this.#shared.longestRequest);
      const exchange = new StatementExchange(request, wanted);
      const result = await this.#pipeline.send(exchange);
      this.#shared.pace.note(sql, exchange.tookMs, exchange.alone);
      return result;
    });
  }

  /** Without the prepared protocol, which does not know every statement. */
  #text(sql: string): Promise<StatementResult> {
    return this.#attempt(sql, () => this.#pipeline.send(new StatementExchange(queryRequest(sql), 'count')));
  }

  async #attempt<T>(sql: string, work: () => Promise<T>): Promise<T> {
    const refused = this.#doom ?? this.#broken;
    if (refused) throw refused;
    this.#lastSql = sql;
    try {
      return await work();
    } catch (error) {
      throw await this.#explain(mapMysqlError(error, sql));
    }
  }

  async #explain(error: Error): Promise<Error> {
    if (endsConnection(error)) this.#break(error);
    if (this.#inTransaction && (this.#broken || endsTransaction(error))) this.#doom = error;
    if (!(error instanceof ConstraintError && error.kind === 'unique' && error.constraint !== undefined)) return error;
    return withColumns(error, await this.#columnsOfKey(error.table, error.constraint));
  }

  async #columnsOfKey(table: string, index: string): Promise<readonly string[]> {
    const { keys } = this.#shared;
    const name = `${table}.${index}`;
    const columns = keys.get(name) ?? (await indexColumns(this, table, index));
    keys.set(name, columns);
    return columns;
  }
}

function tooLarge(bytes: number, most: number): ValidationError {
  return new ValidationError(
    [],
    `The values of a statement have ${bytes} bytes, more than the ${most} that the server takes (max_allowed_packet)`,
  );
}

function lost(cause: Error): ConnectionError {
  return new ConnectionError('The connection to the database was lost', { cause });
}
