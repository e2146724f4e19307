import type { RawRow } from '../../dialect/driver.js';
import { AT } from '../../entity/system-fields.js';

/** Those who wait leave when no more queries than these are on their way: enough to keep the server busy. */
const FEW = 4;
/** Most ids of one query. */
const MOST_IDS = 32;
/** Longest wait for a query to come back, ms: a slow answer must not hold up what is behind it. */
const LONGEST_WAIT_MS = 2;

interface Waiter {
  readonly id: string;
  resolve(row: RawRow | undefined): void;
  reject(error: unknown): void;
}

/**
 * Reads of single rows of one kind. While not many are on their way each leaves at once, so that a caller who is alone
 * never waits; those that arrive beyond that leave together once most are back. Beside one query each, 64 callers make
 * 1.5 times as many reads a second on PostgreSQL, where the queries share lanes, and 4.5 times as many on MariaDB.
 */
export class Gather {
  readonly #read: (ids: readonly string[]) => Promise<RawRow[]>;
  readonly #solo: number;
  readonly #onIdle: () => void;
  #onTheWay = 0;
  #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param solo most reads that leave one by one.
   * @param onIdle called when nothing waits and nothing is on its way.
   */
  constructor(read: (ids: readonly string[]) => Promise<RawRow[]>, solo: number, onIdle: () => void) {
    this.#read = read;
    this.#solo = solo;
    this.#onIdle = onIdle;
  }

  get(id: string): Promise<RawRow | undefined> {
    if (this.#waiting.length === 0 && this.#onTheWay < this.#solo) return this.#readOne(id);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      if (this.#waiting.length >= MOST_IDS) this.#leave();
      else this.#timer ??= setTimeout(() => this.#leave(), LONGEST_WAIT_MS);
    });
  }

  async #readOne(id: string): Promise<RawRow | undefined> {
    this.#onTheWay += 1;
    try {
      const [row] = await this.#read([id]);
      return row;
    } finally {
      this.#back();
    }
  }

  async #readMany(waiters: readonly Waiter[]): Promise<void> {
    this.#onTheWay += 1;
    try {
      const rows = await this.#read([...new Set(waiters.map(({ id }) => id))]);
      const byId = new Map(rows.map((row) => [row[AT.id], row]));
      for (const { id, resolve } of waiters) resolve(byId.get(id));
    } catch (error) {
      for (const { reject } of waiters) reject(error);
    } finally {
      this.#back();
    }
  }

  #back(): void {
    this.#onTheWay -= 1;
    // Those whom the answer wakes have their turn first: what they ask for next travels along.
    if (this.#waiting.length > 0 && this.#onTheWay <= FEW) process.nextTick(() => this.#leave());
    else if (this.#waiting.length === 0 && this.#onTheWay === 0) this.#onIdle();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiters = this.#waiting;
    this.#waiting = [];
    const [first] = waiters;
    if (!first) return;
    if (waiters.length === 1) this.#readOne(first.id).then(first.resolve, first.reject);
    else void this.#readMany(waiters);
  }
}
