import type { Pace } from './pace.js';
import type { PooledConnection } from './pooled-connection.js';

/** Statements on one connection from which on an idle one is taken: 4 served 16 callers best of 4, 8 and 16. */
export const SPREAD_DEPTH = 4;
/** Most statements on one connection, where no other is free. */
export const MAX_DEPTH = 16;

interface Lane {
  readonly connection: PooledConnection;
  readonly kind: LaneKind;
  readonly since: number;
  users: number;
}

/** Reads never queue behind a write, which may wait for a row that somebody has locked. */
export type LaneKind = 'read' | 'write';

/** Connections that single statements share: each sends its own without waiting for the answers to the others'. */
export class Lanes {
  readonly #pace: Pace;
  readonly #lanes = new Map<object, Lane>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** The connections, and since when they have been shared. */
  *holders(): IterableIterator<[PooledConnection, number]> {
    for (const { connection, since } of this.#lanes.values()) yield [connection, since];
  }

  /** A connection with fewer than `depth` statements, all of that kind. */
  join(kind: LaneKind, depth: number): PooledConnection | undefined {
    if (this.#lanes.size === 0) return undefined;
    const stalledSince = performance.now() - this.#pace.patienceMs;
    let emptiest: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.kind !== kind || lane.users >= depth || lane.connection.broken) continue;
      if ((lane.connection.busySince ?? Number.POSITIVE_INFINITY) < stalledSince) continue;
      if (emptiest === undefined || lane.users < emptiest.users) emptiest = lane;
    }
    if (emptiest) emptiest.users += 1;
    return emptiest?.connection;
  }

  /** Makes a lane of a connection that nobody uses; the caller is the first on it. */
  open(kind: LaneKind, connection: PooledConnection): void {
    this.#lanes.set(connection, { connection, kind, since: performance.now(), users: 1 });
  }

  has(connection: object): boolean {
    return this.#lanes.has(connection);
  }

  /** @returns whether that was the last one on it, which makes it no lane any more. */
  leave(connection: object): boolean {
    const lane = this.#lanes.get(connection);
    if (!lane || --lane.users > 0) return false;
    return this.#lanes.delete(connection);
  }
}
