import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/ports.js';
import type { SslOption } from '../dialect/tls.js';
import type { EntityTarget } from '../entity/field-types.js';
import type { Tracer } from './watch/tracer.js';

export interface CoreOptions {
  /** Every declared entity when left out. */
  entities?: readonly EntityTarget[];
  logger?: Logger;
  clock?: Clock;
  /** Makes the id of a new row of `table`; default a UUIDv7 by the clock. Tests give ids that are the same in every run. */
  newId?: (table: string) => string;
  /** Longest wait for a connection, ms; default 10 000. */
  acquireTimeoutMs?: number;
  /** Most connections to a server; default 10. A SQLite database has one that writes. */
  poolSize?: number;
  /** Longest run of one statement on a server, ms; default 30 000, 0 for no limit. Migrations may take as long as they need. */
  statementTimeoutMs?: number;
  /** A connection that nobody wanted for so long is closed, ms; default 60 000. */
  idleTimeoutMs?: number;
  /**
   * Encrypts the line to a server: `true` verifies its certificate and host name, `{ ca }` against an authority of your
   * own, `{ rejectUnauthorized: false }` verifies nothing. `?sslmode=` of the URL says the same.
   */
  ssl?: SslOption;
  /** A statement that takes as long is logged as slow and told to `db.on('slow', …)`, ms; default 1000, 0 for never. */
  slowQueryMs?: number;
  /**
   * URLs of copies of the database that the server itself keeps up to date. Reads outside of transactions are spread over
   * them; a copy that cannot be reached is left out until it is back.
   */
  replicas?: readonly string[];
  /** Who has written reads from the database itself for so long, ms; default 5000. */
  replicaLagMs?: number;
  /**
   * Makes a span for each statement and each transaction; default the OpenTelemetry SDK that is registered when the
   * database is opened, if there is one. `false` makes none.
   */
  tracer?: Tracer | false;
  /** Query events carry the values of their statements. Not for production: they are people's data. */
  debug?: boolean;
}

export const DEFAULT_ACQUIRE_TIMEOUT_MS = 10_000;
export const DEFAULT_SLOW_QUERY_MS = 1_000;
export const DEFAULT_REPLICA_LAG_MS = 5_000;
