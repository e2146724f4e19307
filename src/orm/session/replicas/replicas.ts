import { TimeoutError } from '../../../base/errors.js';
import type { Connection, RawRow, Row } from '../../dialect/driver.js';
import type { DatabaseCore } from '../database-core.js';
import { DelegatingSession } from '../delegating-session.js';
import type { RecentWriters } from './recent-writers.js';
import type { Replica } from './replica.js';

/**
 * Reads outside of transactions, spread over the replicas in turn. The primary reads for those who wrote a moment ago, and
 * whatever a replica cannot answer: one that is away, or behind with a migration.
 */
export class Replicas extends DelegatingSession {
  readonly #replicas: readonly Replica[];
  readonly #writers: RecentWriters;
  #turn = 0;

  constructor(primary: DatabaseCore, replicas: readonly Replica[], writers: RecentWriters) {
    super(primary);
    this.#replicas = replicas;
    this.#writers = writers;
  }

  override all(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]> {
    return this.#read(
      sql,
      (connection) => connection.all(sql, params, bigints),
      () => super.all(sql, params, bigints, signal),
      signal,
    );
  }

  override objects(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<Row[]> {
    if (!this.core.connections.onlyReads(sql)) return super.objects(sql, params, signal);
    return this.#read(
      sql,
      (connection) => connection.objects(sql, params),
      () => super.objects(sql, params, signal),
      signal,
    );
  }

  async #read<T>(
    sql: string,
    work: (connection: Connection) => Promise<T>,
    byPrimary: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const replica = this.#writers.isCaller ? undefined : this.#next();
    const connections = replica?.connections;
    if (!connections) return byPrimary();
    try {
      return await connections.borrow('read', sql, work, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (this.core.dialect.isOutage(error)) replica?.rest(error);
      else if (error instanceof TimeoutError) throw error; // it would take the primary as long
      return byPrimary();
    }
  }

  /** The next one that can be read from. */
  #next(): Replica | undefined {
    for (let tried = 0; tried < this.#replicas.length; tried++) {
      const replica = this.#replicas[this.#turn++ % this.#replicas.length];
      if (replica?.connections) return replica;
    }
    return undefined;
  }
}
