import type { CircuitState } from '../../../base/circuit-breaker.js';
import type { PoolStats } from '../../dialect/driver.js';

export interface ReplicaStats {
  /** Nothing is read from it: it could not be reached a moment ago. */
  readonly resting: boolean;
  /** `undefined` while it has never been reached. */
  readonly pool: PoolStats | undefined;
}

/** How an open database is doing. The counts begin at `connect`. */
export interface DatabaseStats {
  readonly pool: PoolStats;
  readonly replicas: readonly ReplicaStats[];
  /** Statements that callers have sent; those of a transaction that ran again count again. */
  readonly statements: number;
  /** Units of work that were tried again after a transient fault. */
  readonly retries: number;
  /** Slow statements; counted while they are logged or listened to. */
  readonly slow: number;
  readonly circuit: CircuitState;
}
