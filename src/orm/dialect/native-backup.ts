import type { Connection } from './driver.js';

/** A backup by the engine's own tool, for the engine's own way to restore. */
export interface NativeBackup {
  /** How the file's name ends: `db`, `dump`, `sql`. */
  readonly extension: string;
  /**
   * Writes the whole database to a file that does not exist yet.
   * @param snapshot a transaction whose moment the tool shares, where it can.
   * @throws NativeToolMissing where the tool is not installed.
   */
  write(path: string, snapshot: Pick<Connection, 'all'>): Promise<void>;
}

/** The engine's tool is not on this machine; the CSV counts by itself. */
export class NativeToolMissing extends Error {
  constructor(tools: readonly string[]) {
    super(
      `${tools.join(' and ')} cannot be found on this machine; install one, or leave it: the CSV backup is complete`,
    );
  }
}
