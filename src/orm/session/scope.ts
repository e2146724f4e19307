import { KernelError, SchemaError } from '../../base/errors.js';
import type { TakeLines } from '../dialect/csv-export.js';
import type { Connection, Isolation, PageLimit, RawRow, Row } from '../dialect/driver.js';
import type { DatabaseCore } from './database-core.js';
import { SerialQueue } from './serial-queue.js';
import type { Hook, Session, UnitOptions } from './session.js';
import { eitherSignal } from './until-aborted.js';
import { copyIn } from './watch/copy-in.js';
import { copyOut } from './watch/copy-out.js';
import { runEach } from './watch/run-each.js';
import type { ChangeEvent } from './watch/write-event.js';

/** From weak to strict. */
const LEVELS: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable'];

/** Errors of a COMMIT: whether it took effect is unknown, so the unit must not run again. */
const ofCommit = new WeakSet<object>();

/** Marks a fault after which nobody knows whether the work took effect. */
export function markOfCommit(error: unknown): void {
  if (typeof error === 'object' && error !== null) ofCommit.add(error);
}

export function isOfCommit(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ofCommit.has(error);
}

/**
 * One transaction, or one savepoint inside another scope. It takes its connection at its first statement. Statements
 * and nested scopes run one after another, whatever order their callers await them in.
 */
export class Scope implements Session {
  readonly core: DatabaseCore;
  readonly parent: Scope | undefined;
  /** The ambient scope this one was made in: its parent, or a scope of another database. */
  readonly enclosing: Scope | undefined;
  readonly #options: UnitOptions;
  readonly #depth: number;
  readonly #readOnly: boolean;
  readonly #isolation: Isolation;
  readonly #queue = new SerialQueue();
  readonly #writes: ChangeEvent[] = [];
  readonly #onCommit: Hook[] = [];
  readonly #onRollback: Hook[] = [];
  #connection: Connection | undefined;
  #state: 'open' | 'finishing' | 'ended' = 'open';

  constructor(core: DatabaseCore, parent: Scope | undefined, enclosing: Scope | undefined, options: UnitOptions) {
    this.core = core;
    this.parent = parent;
    this.enclosing = enclosing;
    this.#options = options;
    this.#depth = parent ? parent.#depth + 1 : 0;
    this.#readOnly = options.readOnly === true || (parent ? parent.#readOnly : false);
    this.#isolation = parent
      ? parent.#isolation
      : (options.isolation ?? (options.readOnly ? 'repeatable read' : 'read committed'));
  }

  /** A transaction sees what it has written itself. */
  get reader(): this {
    return this;
  }

  get mayWrite(): boolean {
    return !this.#readOnly;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]> {
    return this.#enqueue((connection) => connection.all(sql, params, bigints), signal);
  }

  async change(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]> {
    this.#assertWritable();
    return this.all(sql, params, bigints, signal);
  }

  async run(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<number> {
    this.#assertWritable();
    return this.#enqueue((connection) => connection.run(sql, params), signal);
  }

  /** Runs one statement for each list of parameters. */
  async runEach(sql: string, runs: ReadonlyArray<readonly unknown[]>): Promise<void> {
    this.#assertWritable();
    return this.#enqueue((connection) => runEach(connection, sql, runs), undefined);
  }

  /**
   * The rows of a SELECT in pages of a result that the engine makes once. Other statements of this transaction wait until
   * it is read or left, so read it with `for await`.
   */
  async *cursor(sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void> {
    if (this.#state !== 'open') throw ended();
    const { signal } = this.#options;
    const end = await this.#queue.hold();
    try {
      signal?.throwIfAborted();
      const pages = await this.#perform(async (connection) => connection.cursor(sql, limit));
      yield* signal ? this.#pagesUntil(signal, pages) : pages;
    } finally {
      end();
    }
  }

  /** Lines of CSV that the engine writes by itself, where its dialect has `csvExport`. */
  copyOut(sql: string, take: TakeLines): Promise<void> {
    return this.#enqueue((connection) => copyOut(connection, sql, take), undefined);
  }

  /** Lines of CSV that the engine reads by itself, where its dialect has `csvImport`. @returns how many rows they were. */
  async copyIn(sql: string, lines: AsyncIterable<Buffer>): Promise<number> {
    this.#assertWritable();
    return this.#enqueue((connection) => copyIn(connection, sql, lines), undefined);
  }

  async objects(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<Row[]> {
    // The server refuses writes of a transaction, but knows nothing of a part of one that only reads.
    if (this.#readOnly && this.parent && !this.core.connections.onlyReads(sql)) this.#assertWritable();
    return this.#enqueue((connection) => connection.objects(sql, params), signal);
  }

  unit<T>(work: (scope: Scope) => Promise<T>, options: UnitOptions = {}): Promise<T> {
    if (this.#state !== 'open') return Promise.reject(ended());
    return this.#queue.run(async () => {
      if (this.#state === 'ended') throw ended();
      this.#assertAsIsolated(options.isolation);
      const signal = eitherSignal(this.#options.signal, options.signal);
      return new Scope(this.core, this, this.core.ambient(), { ...options, signal }).complete(work);
    });
  }

  afterCommit(hook: Hook): void {
    if (this.#state === 'ended') throw ended();
    this.#onCommit.push(hook);
  }

  afterRollback(hook: Hook): void {
    if (this.#state === 'ended') throw ended();
    this.#onRollback.push(hook);
  }

  recordWrite(event: ChangeEvent): void {
    this.#writes.push(event);
  }

  /** Runs `work` and ends the scope: committed when it resolves, rolled back when it throws. */
  async complete<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work(this);
      this.#state = 'finishing';
      await this.#queue.idle();
      this.#options.signal?.throwIfAborted();
    } catch (error) {
      await this.#abort();
      throw error;
    }
    await this.#finish();
    return result;
  }

  /** A savepoint is isolated as its transaction is; whoever counts on more would decide by what another one is about to change. */
  #assertAsIsolated(wanted: Isolation | undefined): void {
    if (wanted === undefined || this.core.dialect.capabilities.writersTakeTurns) return;
    if (LEVELS.indexOf(wanted) <= LEVELS.indexOf(this.#isolation)) return;
    throw new SchemaError(
      `A dbContext that asks for "${wanted}" stands inside one that is "${this.#isolation}"; say { isolation: '${wanted}' } at the outer one`,
    );
  }

  #assertWritable(): void {
    if (this.#readOnly) throw new KernelError('E_READ_ONLY', 'This database context is read-only');
  }

  #enqueue<T>(task: (connection: Connection) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#state !== 'open') return Promise.reject(ended());
    const either = eitherSignal(this.#options.signal, signal);
    return this.#queue.run(() => (either ? this.#performUntil(either, task) : this.#perform(task)));
  }

  #perform<T>(task: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#state === 'ended') return Promise.reject(ended());
    this.core.watch.statements += 1;
    return this.#connection ? task(this.#connection) : this.#connect().then(task);
  }

  async #performUntil<T>(signal: AbortSignal, task: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#state === 'ended') throw ended();
    signal.throwIfAborted();
    this.core.watch.statements += 1;
    const connection = this.#connection ?? (await this.#connect());
    return this.core.connections.abortable(signal, connection, () => task(connection));
  }

  async *#pagesUntil(signal: AbortSignal, pages: AsyncGenerator<RawRow[], void>): AsyncGenerator<RawRow[], void> {
    const { connections } = this.core;
    const next = (): ReturnType<typeof pages.next> =>
      connections.abortable(signal, this.#connection as Connection, () => pages.next());
    try {
      for (let page = await next(); !page.done; page = await next()) yield page.value;
    } finally {
      await pages.return();
    }
  }

  async #connect(): Promise<Connection> {
    const connection = this.parent ? await this.#connectInside(this.parent) : await this.#connectOutside();
    this.#connection = connection;
    return connection;
  }

  async #connectInside(parent: Scope): Promise<Connection> {
    const connection = parent.#connection ?? (await parent.#connect());
    await connection.run(`SAVEPOINT sp_${this.#depth}`, []);
    return connection;
  }

  async #connectOutside(): Promise<Connection> {
    const { readOnly, schemaChange } = this.#options;
    if (!readOnly && !schemaChange) this.core.writes.assertOpen();
    const connection = await this.core.connections.acquire(readOnly ? 'snapshot' : 'write', this.#options.signal);
    try {
      await connection.begin(this.#options);
      return connection;
    } catch (error) {
      this.core.connections.release(connection);
      throw error;
    }
  }

  async #finish(): Promise<void> {
    const connection = this.#connection;
    this.#state = 'ended';
    if (this.parent) return this.#release(this.parent, connection);
    if (connection) await this.#commit(connection);
    this.core.deliver(this.#writes);
    await this.core.runHooks(this.#onCommit);
  }

  async #release(parent: Scope, connection: Connection | undefined): Promise<void> {
    try {
      await connection?.run(`RELEASE SAVEPOINT sp_${this.#depth}`, []);
    } catch (error) {
      await this.core.runHooks(this.#onRollback);
      throw error;
    }
    parent.#adopt(this);
  }

  async #commit(connection: Connection): Promise<void> {
    try {
      await connection.commit();
    } catch (error) {
      if (!this.core.dialect.isUndone(error)) markOfCommit(error);
      await this.#rollBack(connection);
      await this.core.runHooks(this.#onRollback);
      throw error;
    }
    this.core.connections.release(connection);
  }

  async #abort(): Promise<void> {
    this.#state = 'ended';
    await this.#queue.idle();
    const connection = this.#connection;
    if (connection && this.parent) await this.#rollBackTo(connection);
    else if (connection) await this.#rollBack(connection);
    await this.core.runHooks(this.#onRollback);
  }

  async #rollBackTo(connection: Connection): Promise<void> {
    try {
      await connection.run(`ROLLBACK TO SAVEPOINT sp_${this.#depth}`, []);
      await connection.run(`RELEASE SAVEPOINT sp_${this.#depth}`, []);
    } catch (error) {
      // Some faults (a full disk, a lost server) end the whole transaction; the outer scope meets that at its next statement.
      this.core.logger.warn({ err: error }, 'A savepoint could not be rolled back');
    }
  }

  async #rollBack(connection: Connection): Promise<void> {
    let broken = false;
    try {
      await connection.rollback();
    } catch (error) {
      broken = true;
      this.core.logger.warn({ err: error }, 'A transaction could not be rolled back');
    }
    this.core.connections.release(connection, broken);
  }

  #adopt(child: Scope): void {
    this.#writes.push(...child.#writes);
    this.#onCommit.push(...child.#onCommit);
    this.#onRollback.push(...child.#onRollback);
  }
}

function ended(): KernelError {
  return new KernelError(
    'E_CONTEXT_ENDED',
    'The database context has ended; await every call inside dbContext before its function returns',
  );
}
