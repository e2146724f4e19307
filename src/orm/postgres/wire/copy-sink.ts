import type { Duplex } from 'node:stream';
import type { TakeLines } from '../../dialect/csv-export.js';

const CHUNK_BYTES = 512 * 1024;
/** What may wait for its taker before the server is made to wait. */
const WAITING_BYTES = 4 * 1024 * 1024;

/** Chunks end with a line, so they are mostly a little longer. */
const ROOM_BYTES = CHUNK_BYTES + 64 * 1024;
/** No line is longer that anybody could make a text of. */
const LONGEST_BYTES = 512 * 1024 * 1024;

/** Lines that the server copies out, on their way to who takes them. */
export class CopySink {
  readonly #take: TakeLines;
  readonly #stream: Duplex;
  #chunk: Buffer = Buffer.alloc(0);
  /** How much of the chunk is filled. */
  #length = 0;
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
    try {
      const wanted = this.#length + end - start;
      if (wanted > this.#chunk.length) this.#grow(wanted);
      this.#length += data.copy(this.#chunk, this.#length, start, end); // 0.1 µs for 300 bytes, one by one 0.4 at best
    } catch (error) {
      this.#fault ??= error;
    }
    this.#lines += 1;
    this.#total += 1;
    if (this.#length >= CHUNK_BYTES) this.#pass();
  }

  /** @returns how many lines there were. @throws what who takes the lines threw. */
  async end(): Promise<number> {
    this.#pass();
    await this.#taken;
    if (this.#fault) throw this.#fault;
    return this.#total;
  }

  #grow(wanted: number): void {
    if (wanted > LONGEST_BYTES) throw new RangeError(`A line of ${wanted} bytes is too long`);
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, ROOM_BYTES));
    larger.set(this.#chunk.subarray(0, this.#length));
    this.#chunk = larger;
  }

  #pass(): void {
    const [lines, count] = [this.#chunk.subarray(0, this.#length), this.#lines];
    this.#chunk = Buffer.alloc(0);
    this.#length = 0;
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
