import { ConnectionError, TimeoutError } from '../../base/errors.js';
import type { AcquireOptions, Connection, Driver, PoolStats, Purpose } from '../dialect/driver.js';
import { type LaneKind, Lanes, MAX_DEPTH, SPREAD_DEPTH } from './lanes.js';
import { noAnswer } from './no-answer.js';
import type { Pace } from './pace.js';
import type { PooledConnection } from './pooled-connection.js';
import { WaitingLine } from './waiting-line.js';

export interface PoolOptions {
  /** Most connections. */
  readonly size: number;
  /** Longest run of one statement, ms; its connection is given up a little later. 0 is no limit. */
  readonly statementTimeoutMs: number;
  /** A connection that nobody wanted for so long is closed, ms. */
  readonly idleTimeoutMs: number;
  /** How long `close` waits for connections that are in use, ms. */
  readonly closeTimeoutMs: number;
  /** How long the statements of this server take. */
  readonly pace: Pace;
  /** Whether a hand-written statement surely changes nothing. */
  purposeOf(sql: string): 'read' | 'write';
}

const SWEEP_MS = 1_000;
/** The server is given this much longer than its own limit before its silence counts as a fault. */
const GRACE_MS = 5_000;

/**
 * A bounded pool: connections are opened when they are needed and handed on in the order of the callers. A transaction
 * has a connection to itself; single statements that are known to be short share lanes.
 */
export class ConnectionPool implements Driver {
  readonly #open: () => Promise<PooledConnection>;
  readonly #options: PoolOptions;
  readonly #idle: Array<{ connection: PooledConnection; since: number }> = [];
  readonly #held = new Map<PooledConnection, number>();
  readonly #lanes: Lanes;
  readonly #line = new WaitingLine();
  readonly #sweeper: NodeJS.Timeout;
  #opening = 0;
  #onDrained: (() => void) | undefined;
  #closed = false;

  /** @param first a connection that is open already. */
  constructor(open: () => Promise<PooledConnection>, first: PooledConnection, options: PoolOptions) {
    this.#open = open;
    this.#options = options;
    this.#lanes = new Lanes(options.pace);
    this.#sweeper = setInterval(() => this.#sweep(performance.now()), SWEEP_MS);
    this.#sweeper.unref();
    this.#adopt(first);
    this.#idle.push({ connection: first, since: performance.now() });
  }

  stats(): PoolStats {
    const { size } = this.#options;
    return { size, idle: this.#idle.length, inUse: this.#inUse, waiting: this.#line.size };
  }

  purposeOf(sql: string): 'read' | 'write' {
    return this.#options.purposeOf(sql);
  }

  acquire(purpose: Purpose, options: AcquireOptions): Connection | Promise<Connection> {
    if (this.#closed) throw closed();
    options.signal?.throwIfAborted();
    const lane = this.#laneFor(purpose, options.statement);
    const connection = this.#line.size === 0 ? this.#take(lane) : undefined; // nobody is overtaken
    if (connection) return connection;
    const granted = this.#line.join(lane, options, () => this.#timeout(options.timeoutMs));
    this.#openMore();
    return granted;
  }

  release(connection: Connection, broken = false): void {
    const own = connection as PooledConnection;
    if (this.#lanes.has(own)) {
      if (this.#lanes.leave(own)) this.#return(own, broken);
    } else if (this.#held.delete(own)) this.#return(own, broken);
    else return;
    this.#serve();
  }

  cancel(connection: Connection): Promise<void> {
    return (connection as PooledConnection).cancel();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.#line.failAll(closed());
    await this.#drained();
    for (const [connection] of this.#users()) connection.destroy(closed());
    await Promise.all(this.#idle.splice(0).map(({ connection }) => connection.close()));
  }

  #laneFor(purpose: Purpose, statement: string | undefined): LaneKind | undefined {
    if (statement === undefined || purpose === 'snapshot' || !this.#options.pace.isShort(statement)) return undefined;
    return purpose;
  }

  /** A lane with few on it, a connection that nobody uses, or a lane with room where no connection can be opened. */
  #take(lane: LaneKind | undefined): PooledConnection | undefined {
    const shared = lane && this.#lanes.join(lane, SPREAD_DEPTH);
    if (shared) return shared;
    const idle = this.#idle.pop()?.connection;
    if (!idle) return lane && this.#total >= this.#options.size ? this.#lanes.join(lane, MAX_DEPTH) : undefined;
    if (lane) this.#lanes.open(lane, idle);
    else this.#held.set(idle, performance.now());
    return idle;
  }

  #return(connection: PooledConnection, broken: boolean): void {
    if (broken || connection.broken) connection.destroy(new ConnectionError('The connection was given up'));
    else this.#idle.push({ connection, since: performance.now() });
  }

  #adopt(connection: PooledConnection): void {
    connection.onBreak(() => {
      const index = this.#idle.findIndex((entry) => entry.connection === connection);
      if (index >= 0) this.#idle.splice(index, 1);
    });
  }

  /**
   * Gives those who wait what is free. While somebody waits for a connection of his own, nobody joins a lane before him:
   * the lanes run empty within a few ms, and he gets one.
   */
  #serve(): void {
    for (let waiter = this.#line.first; waiter; waiter = this.#line.first) {
      const connection = this.#take(waiter.lane);
      if (!connection) break;
      waiter.grant(connection);
    }
    if (!this.#closed) this.#openMore();
    else if (this.#inUse + this.#opening === 0) this.#onDrained?.();
  }

  /** Opens as many connections as callers wait for, within the bound. */
  #openMore(): void {
    const { size, sharing } = this.#line;
    const wanted = size - sharing + Math.ceil(sharing / SPREAD_DEPTH);
    while (this.#opening < wanted && this.#total < this.#options.size) void this.#openOne();
  }

  get #inUse(): number {
    return this.#held.size + this.#lanes.size;
  }

  get #total(): number {
    return this.#inUse + this.#idle.length + this.#opening;
  }

  async #openOne(): Promise<void> {
    this.#opening += 1;
    try {
      const connection = await this.#open();
      this.#opening -= 1;
      this.#adopt(connection);
      if (this.#closed) void connection.close();
      else this.#idle.push({ connection, since: performance.now() });
    } catch (error) {
      this.#opening -= 1;
      this.#line.first?.fail(error);
    }
    this.#serve();
  }

  #drained(): Promise<void> {
    if (this.#inUse + this.#opening === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.closeTimeoutMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Connections in use, and since when they have been. */
  #users(): Array<[PooledConnection, number]> {
    return [...this.#held, ...this.#lanes.holders()];
  }

  /** A server that stands still answers nothing, not even its own statement timeout. */
  #sweep(now: number): void {
    const { statementTimeoutMs } = this.#options;
    const limit = statementTimeoutMs === 0 ? Number.POSITIVE_INFINITY : statementTimeoutMs + GRACE_MS;
    for (const [connection] of this.#users()) {
      if (connection.patient || connection.busySince === undefined || now - connection.busySince < limit) continue;
      connection.destroy(noAnswer(limit));
    }
    while (this.#idle[0] !== undefined && now - this.#idle[0].since > this.#options.idleTimeoutMs) {
      const stale = this.#idle.shift();
      void stale?.connection.close();
    }
  }

  #timeout(timeoutMs: number): TimeoutError {
    const [longest] = this.#users().sort(([, a], [, b]) => a - b);
    const { size } = this.#options;
    if (!longest) return new TimeoutError(`Waited ${timeoutMs} ms for a connection; the database opened none`);
    const [connection, since] = longest;
    const held = Math.round(performance.now() - since);
    const holder = this.#lanes.has(connection) ? 'statements outside of transactions have' : 'a transaction has';
    return new TimeoutError(
      `Waited ${timeoutMs} ms for one of ${size} connections; ${holder} held one for ${held} ms, its last statement: ${connection.lastSql.slice(0, 200)}`,
      { details: { heldMs: held, poolSize: size } },
    );
  }
}

function closed(): ConnectionError {
  return new ConnectionError('The database is closed');
}
