import { setImmediate as nextTurn } from 'node:timers/promises';

/** SQLite works within this process, which answers nobody meanwhile. */
const LONGEST_MS = 5;

/**
 * How long a connection has had the process to itself. Who waits for nothing but SQLite goes on without a turn of the event
 * loop: a thousand statements, one after the other, would keep all requests and timers waiting.
 */
export class Turn {
  #began: number | undefined;

  /** It begins with the first look. */
  isLong(): boolean {
    if (this.#began !== undefined) return performance.now() - this.#began >= LONGEST_MS;
    this.#began = performance.now();
    setImmediate(() => {
      this.#began = undefined;
    });
    return false;
  }

  /** Gives others a turn where this one was long. */
  async end(): Promise<void> {
    if (this.isLong()) await nextTurn();
  }
}
