import type { Connection } from '../dialect/driver.js';

/** What a pool needs to know of one session of a server. */
export interface PooledConnection extends Connection {
  /** It must not be used again: it is gone, or left in the middle of a transaction. */
  readonly broken: boolean;
  /** Whether its statements may take as long as they need. */
  readonly patient: boolean;
  /** Since when the server has been at the statement it is at now, by `performance.now()`. */
  readonly busySince: number | undefined;
  /** The statement that was sent last, without its values. */
  readonly lastSql: string;
  onBreak(listener: () => void): void;
  /** Ends the statement that runs. @throws when the server could not be told. */
  cancel(): Promise<void>;
  /** Ends the session at once; what is running fails with `reason`. */
  destroy(reason: Error): void;
  /** Says goodbye and closes. */
  close(): Promise<void>;
}
