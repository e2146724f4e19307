import { ConnectionError, TimeoutError } from '../../base/errors.js';
import type { AcquireOptions, Connection, Driver, Purpose } from '../dialect/driver.js';
import type { PostgresConnection } from './connection.js';
import { noAnswer } from './errors.js';
import { purposeOf } from './purpose.js';

export interface PoolOptions {
  /** Most connections. */
  readonly size: number;
  /** Longest run of one statement, ms, after which its connection is given up; the server's own limit is shorter. */
  readonly statementTimeoutMs: number;
  /** How long `close` waits for connections that are in use, ms. */
  readonly closeTimeoutMs: number;
}

interface Waiter {
  grant(connection: PostgresConnection): void;
  fail(error: unknown): void;
}

/** A connection that nobody wanted for so long is closed. */
const IDLE_MS = 60_000;
const SWEEP_MS = 1_000;
/** The server is given this much longer than its own limit before its silence counts as a fault. */
const GRACE_MS = 5_000;

/** A bounded pool: connections are opened when they are needed and handed on in the order of the callers. */
export class PostgresDriver implements Driver {
  readonly #open: () => Promise<PostgresConnection>;
  readonly #options: PoolOptions;
  readonly #idle: Array<{ connection: PostgresConnection; since: number }> = [];
  readonly #held = new Map<Connection, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #sweeper: NodeJS.Timeout;
  #opening = 0;
  #onDrained: (() => void) | undefined;
  #closed = false;

  /** @param first a connection that is open already. */
  constructor(open: () => Promise<PostgresConnection>, first: PostgresConnection, options: PoolOptions) {
    this.#open = open;
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(performance.now()), SWEEP_MS);
    this.#sweeper.unref();
    this.#adopt(first);
    this.#idle.push({ connection: first, since: performance.now() });
  }

  purposeOf(sql: string): 'read' | 'write' {
    return purposeOf(sql);
  }

  acquire(_purpose: Purpose, options: AcquireOptions): Connection | Promise<Connection> {
    if (this.#closed) throw closed();
    options.signal?.throwIfAborted();
    const idle = this.#idle.pop();
    if (idle) return this.#hold(idle.connection);
    return this.#wait(options);
  }

  release(connection: Connection, broken = false): void {
    if (!this.#held.delete(connection)) return;
    const own = connection as PostgresConnection;
    if (broken || own.broken) own.destroy(new ConnectionError('The connection was given up'));
    else this.#offer(own);
    this.#settle();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const waiter of this.#waiters) waiter.fail(closed());
    await this.#drained();
    for (const connection of this.#held.keys()) (connection as PostgresConnection).destroy(closed());
    await Promise.all(this.#idle.splice(0).map(({ connection }) => connection.close()));
  }

  #hold(connection: PostgresConnection): PostgresConnection {
    this.#held.set(connection, performance.now());
    return connection;
  }

  #adopt(connection: PostgresConnection): void {
    connection.onBreak(() => {
      const index = this.#idle.findIndex((entry) => entry.connection === connection);
      if (index >= 0) this.#idle.splice(index, 1);
    });
  }

  #offer(connection: PostgresConnection): void {
    const [waiter] = this.#waiters;
    if (waiter) waiter.grant(this.#hold(connection));
    else this.#idle.push({ connection, since: performance.now() });
  }

  #wait({ timeoutMs, signal }: AcquireOptions): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const leave = (end: () => void): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = (): void => leave(() => reject(signal?.reason));
      const waiter: Waiter = {
        grant: (connection) => leave(() => resolve(connection)),
        fail: (error) => leave(() => reject(error)),
      };
      const timer = setTimeout(() => leave(() => reject(this.#timeout(timeoutMs))), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      this.#openMore();
    });
  }

  /** Opens as many connections as callers wait for, within the bound. */
  #openMore(): void {
    while (this.#opening < this.#waiters.size && this.#total < this.#options.size) void this.#openOne();
  }

  get #total(): number {
    return this.#held.size + this.#idle.length + this.#opening;
  }

  async #openOne(): Promise<void> {
    this.#opening += 1;
    try {
      const connection = await this.#open();
      this.#opening -= 1;
      this.#adopt(connection);
      if (this.#closed) void connection.close();
      else this.#offer(connection);
    } catch (error) {
      this.#opening -= 1;
      const [waiter] = this.#waiters;
      waiter?.fail(error);
    }
    this.#settle();
  }

  #settle(): void {
    if (!this.#closed) this.#openMore();
    else if (this.#held.size + this.#opening === 0) this.#onDrained?.();
  }

  #drained(): Promise<void> {
    if (this.#held.size + this.#opening === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.closeTimeoutMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A server that stands still answers nothing, not even its own statement timeout. */
  #sweep(now: number): void {
    const limit = this.#options.statementTimeoutMs + GRACE_MS;
    for (const connection of this.#held.keys() as IterableIterator<PostgresConnection>) {
      if (connection.patient || connection.busySince === undefined || now - connection.busySince < limit) continue;
      connection.destroy(noAnswer(limit));
    }
    while (this.#idle[0] !== undefined && now - this.#idle[0].since > IDLE_MS) {
      const stale = this.#idle.shift();
      void stale?.connection.close();
    }
  }

  #timeout(timeoutMs: number): TimeoutError {
    const [longest] = [...this.#held].sort(([, a], [, b]) => a - b);
    const { size } = this.#options;
    if (!longest) return new TimeoutError(`Waited ${timeoutMs} ms for a connection; the database opened none`);
    const [connection, since] = longest;
    const held = Math.round(performance.now() - since);
    const { lastSql } = connection as PostgresConnection;
    return new TimeoutError(
      `Waited ${timeoutMs} ms for one of ${size} connections; a transaction has held one for ${held} ms, its last statement: ${lastSql.slice(0, 200)}`,
      { details: { heldMs: held, poolSize: size } },
    );
  }
}

function closed(): ConnectionError {
  return new ConnectionError('The database is closed');
}
