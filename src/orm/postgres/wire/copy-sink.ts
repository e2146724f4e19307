import type { Duplex } from 'node:stream';
import type { TakeLines } from '../../dialect/csv-export.js';

const CHUNK_BYTES = 512 * 1024;
/** What may wait for its taker before the server is made to wait. */
const WAITING_BYTES = 4 * 1024 * 1024;

/** Lines that the server copies out, on their way to who takes them. */
export class CopySink {
  readonly #take: TakeLines;
  readonly #stream: Duplex;
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #lines = 0;
  #total = 0;
  #waitingBytes = 0;
  #taken: Promise<void> = Promise.resolve();
  #fault: unknown;

  constructor(take: TakeLines, stream: Duplex) {
    this.#take = take;
    this.#stream = stream;
  }

  /** One line. */
  add(data: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#filled + length > this.#chunk.length) this.#pass(length);
    this.#filled += data.copy(this.#chunk, this.#filled, start, end);
    this.#lines += 1;
    this.#total += 1;
  }

  /** @returns how many lines there were. @throws what who takes the lines threw. */
  async end(): Promise<number> {
    this.#pass(0);
    await this.#taken;
    if (this.#fault) throw this.#fault;
    return this.#total;
  }

  #pass(next: number): void {
    const [lines, count] = [this.#chunk.subarray(0, this.#filled), this.#lines];
    this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, next));
    this.#filled = 0;
    this.#lines = 0;
    if (count === 0 || this.#fault) return;
    this.#waitingBytes += lines.length;
    if (this.#waitingBytes > WAITING_BYTES) this.#stream.pause();
    this.#taken = this.#taken.then(() => this.#pay(lines, count));
  }

  async #pay(lines: Buffer, count: number): Promise<void> {
    try {
      if (!this.#fault) await this.#take(lines, count);
    } catch (error) {
      this.#fault ??= error; // the rest is read and thrown away, so that the session stays usable
    }
    this.#waitingBytes -= lines.length;
    if (this.#waitingBytes <= WAITING_BYTES) this.#stream.resume();
  }
}
