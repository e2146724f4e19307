import type { Clock } from '../../../base/clock.js';
import { SchemaError } from '../../../base/errors.js';
import type { Logger } from '../../../base/ports.js';
import type { Lender } from '../lender.js';
import type { ReplicaStats } from '../watch/database-stats.js';

/** A replica that could not be reached is left alone for so long. */
const REST_MS = 5_000;

export interface ReplicaOptions {
  /** @throws SchemaError for a URL that can never be a replica of the database. */
  open(): Promise<Lender>;
  clock: Clock;
  logger: Logger;
  /** From 1, for the log: its URL holds a password. */
  position: number;
}

/** One copy of the database that only reads go to. It may be away, and come back. */
export class Replica {
  readonly #options: ReplicaOptions;
  #connections: Lender | undefined;
  #opening: Promise<void> | undefined;
  #restsUntil = 0;
  #closed = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  /** While it can be read from. Where it is due for another try, that begins beside the caller's work. */
  get connections(): Lender | undefined {
    if (this.#closed || this.#rests) return undefined;
    if (!this.#connections) void this.open().catch(() => {});
    return this.#connections;
  }

  get stats(): ReplicaStats {
    return { resting: this.#rests || !this.#connections, pool: this.#connections?.stats() };
  }

  /** Tries to reach it. @throws SchemaError for a URL that can never be a replica of the database. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Leaves it alone for a while. */
  rest(error: unknown): void {
    const { clock, logger, position } = this.#options;
    this.#restsUntil = clock.now() + REST_MS;
    logger.warn({ err: error, replica: position }, 'A replica of the database cannot be reached; others read for it');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await this.#connections?.close();
  }

  get #rests(): boolean {
    return this.#options.clock.now() < this.#restsUntil;
  }

  async #open(): Promise<void> {
    try {
      this.#connections = await this.#options.open();
    } catch (error) {
      if (error instanceof SchemaError) throw error;
      this.rest(error);
    }
  }
}
