import { CircuitBreaker } from '../../base/circuit-breaker.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import { retry } from '../../base/retry.js';
import type { Dialect, Engine } from '../dialect/dialect.js';
import type { Connection, Driver, Purpose, RawRow, Row } from '../dialect/driver.js';
import type { EntityTarget } from '../entity/field-types.js';
import { declaredEntities } from '../entity/registry.js';
import { ambientScope } from './ambient.js';
import { isOfCommit, markOfCommit, Scope } from './scope.js';
import type { Hook, Session, UnitOptions } from './session.js';
import type { WriteEvent, WriteListener } from './write-event.js';

export interface CoreOptions {
  /** Every declared entity when left out. */
  entities?: readonly EntityTarget[];
  logger?: Logger;
  clock?: Clock;
  /** Longest wait for a connection, ms; default 10 000. */
  acquireTimeoutMs?: number;
  /** Most connections to a server; default 10. A SQLite database has one that writes. */
  poolSize?: number;
  /** Longest run of one statement on a server, ms; default 30 000. Migrations may take as long as they need. */
  statementTimeoutMs?: number;
}

export const DEFAULT_ACQUIRE_TIMEOUT_MS = 10_000;

/** One open database: its connections, its breaker, its listeners. */
export class DatabaseCore implements Session {
  readonly core = this;
  readonly mayWrite = false;
  readonly dialect: Dialect;
  readonly volatile: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly #driver: Driver;
  readonly #breaker: CircuitBreaker;
  readonly #entities: ReadonlySet<EntityTarget> | undefined;
  readonly #listeners = new Set<WriteListener>();
  readonly #acquireTimeoutMs: number;

  constructor(engine: Engine, options: CoreOptions) {
    this.dialect = engine.dialect;
    this.volatile = engine.volatile;
    this.logger = options.logger ?? silentLogger;
    this.clock = options.clock ?? systemClock;
    this.#driver = engine.driver;
    this.#entities = options.entities && new Set(options.entities);
    this.#acquireTimeoutMs = options.acquireTimeoutMs ?? DEFAULT_ACQUIRE_TIMEOUT_MS;
    this.#breaker = new CircuitBreaker(`The ${engine.dialect.name} database`, {
      clock: this.clock,
      isFailure: (error) => this.dialect.isOutage(error),
      onChange: (state) => this.logger.warn({ state }, 'The circuit breaker of the database changed'),
    });
  }

  /** The entities of this database; without an explicit list, all that have been declared by now. */
  get entities(): EntityTarget[] {
    return this.#entities ? [...this.#entities] : declaredEntities();
  }

  get circuitState(): CircuitBreaker['state'] {
    return this.#breaker.state;
  }

  lists(entity: EntityTarget): boolean {
    return this.#entities?.has(entity) ?? true;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    return this.#resilient(() => this.#borrow('read', (connection) => connection.all(sql, params, bigints)));
  }

  run(sql: string, params: readonly unknown[]): Promise<number> {
    if (!this.dialect.capabilities.autocommit) return this.unit((scope) => scope.run(sql, params));
    return this.#alone((connection) => connection.run(sql, params));
  }

  change(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    if (!this.dialect.capabilities.autocommit) return this.unit((scope) => scope.change(sql, params, bigints));
    return this.#alone((connection) => connection.all(sql, params, bigints));
  }

  recordWrite(event: WriteEvent): void {
    this.deliver([event]);
  }

  objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.#resilient(async () => {
      if (this.#driver.purposeOf(sql) === 'read')
        return this.#borrow('read', (connection) => connection.objects(sql, params));
      return new Scope(this, undefined, this.ambient(), {}).complete((scope) => scope.objects(sql, params));
    });
  }

  /** Tried again as a whole while its fault is transient, unless its COMMIT may have taken effect. */
  unit<T>(work: (scope: Scope) => Promise<T>, options: UnitOptions = {}): Promise<T> {
    return this.#resilient(() => new Scope(this, undefined, this.ambient(), options).complete(work), options.signal);
  }

  /** Outside a transaction everything is committed at once, so the hook runs right away. */
  afterCommit(hook: Hook): void {
    void this.runHooks([hook]);
  }

  /** Outside a transaction there is nothing that could still be rolled back. */
  afterRollback(_hook: Hook): void {}

  ambient(): Scope | undefined {
    return ambientScope();
  }

  /** @returns what takes the listener off again. */
  onWrite(listener: WriteListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get hasWriteListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Tells every listener; what a listener does wrong cannot undo a commit, so it is logged. */
  deliver(events: readonly WriteEvent[]): void {
    for (const event of events) {
      for (const listener of this.#listeners) void this.runHooks([() => listener(event)]);
    }
  }

  async runHooks(hooks: readonly Hook[]): Promise<void> {
    for (const hook of hooks) {
      try {
        await hook();
      } catch (error) {
        this.logger.error({ err: error }, 'A hook after a transaction failed');
      }
    }
  }

  async acquire(purpose: Purpose, signal?: AbortSignal): Promise<Connection> {
    return this.#driver.acquire(purpose, { timeoutMs: this.#acquireTimeoutMs, ...(signal && { signal }) });
  }

  release(connection: Connection, broken = false): void {
    this.#driver.release(connection, broken);
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  /** One writing statement, which commits itself: when its answer is lost, nobody knows whether it took effect. */
  #alone<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#resilient(() =>
      this.#borrow('write', async (connection) => {
        try {
          return await work(connection);
        } catch (error) {
          if (this.dialect.isOutage(error)) markOfCommit(error);
          throw error;
        }
      }),
    );
  }

  async #borrow<T>(purpose: Purpose, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.acquire(purpose);
    try {
      return await work(connection);
    } finally {
      this.release(connection);
    }
  }

  #resilient<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return retry(() => this.#breaker.run(work), {
      isTransient: (error) => this.dialect.isTransient(error) && !isOfCommit(error),
      onRetry: (error, attempt, delayMs) =>
        this.logger.warn({ err: error, attempt, delayMs }, 'The database was busy; trying again'),
      ...(signal && { signal }),
    });
  }
}
