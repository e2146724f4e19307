import { ConnectionError, TimeoutError } from '../../base/errors.js';
import type { AcquireOptions, Connection, Driver, Purpose } from '../dialect/driver.js';
import { MysqlConnection, type Shared } from './connection.js';
import { openConnection } from './open-connection.js';
import type { ServerAddress } from './url.js';

const READS = /^\s*(?:select|show|explain|describe|desc|values|with)\b/i;
const WRITES_OR_LOCKS =
  /\bfor\s+update\b|\block\s+in\s+share\b|\bfor\s+share\b|\binto\s+(?:outfile|dumpfile)\b|\b(?:insert|update|delete|replace)\b/i;

interface Waiter {
  grant(connection: MysqlConnection): void;
  fail(error: unknown): void;
}

/** At most `poolSize` connections, opened when they are needed and lent to one holder at a time. */
export class MysqlDriver implements Driver {
  readonly #address: ServerAddress;
  readonly #shared: Shared;
  readonly #closeTimeoutMs: number;
  readonly #idle: MysqlConnection[] = [];
  readonly #lent = new Map<MysqlConnection, number>();
  readonly #waiters = new Set<Waiter>();
  #opening = 0;
  #closed = false;
  #onIdle: (() => void) | undefined;

  constructor(address: ServerAddress, shared: Shared, first: MysqlConnection, closeTimeoutMs: number) {
    this.#address = address;
    this.#shared = shared;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#idle.push(first);
  }

  purposeOf(sql: string): 'read' | 'write' {
    return READS.test(sql) && !WRITES_OR_LOCKS.test(sql) ? 'read' : 'write';
  }

  acquire(_purpose: Purpose, options: AcquireOptions): Connection | Promise<Connection> {
    if (this.#closed) throw new ConnectionError('The database is closed');
    options.signal?.throwIfAborted();
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (!idle.broken) return this.#lend(idle);
      idle.destroy();
    }
    const waiting = this.#wait(options);
    this.#openForWaiters();
    return waiting;
  }

  release(connection: Connection, broken = false): void {
    const returned = connection as MysqlConnection;
    if (!this.#lent.delete(returned)) return;
    if (broken || returned.broken) returned.destroy();
    else if (!this.#grant(returned)) this.#idle.push(returned);
    this.#openForWaiters();
    if (this.#lent.size === 0) this.#onIdle?.();
  }

  /** Waits for those that are lent, for as long as a caller would wait for them, then closes all. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.fail(new ConnectionError('The database is closed'));
    if (this.#lent.size > 0) await this.#idleAgain();
    for (const connection of this.#lent.keys()) connection.destroy();
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()));
  }

  #lend(connection: MysqlConnection): MysqlConnection {
    this.#lent.set(connection, performance.now());
    return connection;
  }

  #grant(connection: MysqlConnection): boolean {
    const [next] = this.#waiters;
    if (!next) return false;
    next.grant(this.#lend(connection));
    return true;
  }

  #wait({ timeoutMs, signal }: AcquireOptions): Promise<MysqlConnection> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        grant: (connection) => {
          leave();
          resolve(connection);
        },
        fail: (error) => {
          leave();
          reject(error as Error);
        },
      };
      const onAbort = (): void => waiter.fail(signal?.reason);
      const timer = setTimeout(() => waiter.fail(this.#timeout(timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** One more connection per waiter that nothing is on its way for, as long as there is room. */
  #openForWaiters(): void {
    const room = this.#address.poolSize - this.#lent.size - this.#idle.length - this.#opening;
    const missing = Math.min(this.#waiters.size - this.#opening, room);
    for (let count = 0; count < missing; count++) void this.#open();
  }

  async #open(): Promise<void> {
    this.#opening += 1;
    try {
      const { raw } = await openConnection(this.#address, this.#shared.flavor);
      this.#opening -= 1;
      const connection = new MysqlConnection(raw, this.#shared);
      if (this.#closed) return await connection.end();
      if (!this.#grant(connection)) this.#idle.push(connection);
    } catch (error) {
      this.#opening -= 1;
      const [next] = this.#waiters;
      next?.fail(error);
      this.#openForWaiters();
    }
  }

  #timeout(timeoutMs: number): TimeoutError {
    const [longest] = [...this.#lent].sort(([, a], [, b]) => a - b);
    const holder = longest
      ? `; the longest one has been held for ${Math.round(performance.now() - longest[1])} ms, at last by: ${longest[0].lastStatement.slice(0, 120)}`
      : '';
    return new TimeoutError(`Waited ${timeoutMs} ms for one of ${this.#address.poolSize} connections${holder}`);
  }

  #idleAgain(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#closeTimeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
