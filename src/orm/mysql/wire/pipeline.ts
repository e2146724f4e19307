import type { Duplex } from 'node:stream';
import type { Exchange } from './exchange.js';
import { PacketReader } from './packet-reader.js';
import { readFault } from './server-fault.js';

/**
 * The line to one session of the server, from sign-in on. Requests are sent without waiting for the answers to those
 * before them; the server works them off and answers in their order. What is sent in one turn of the event loop leaves
 * in one write, which takes half the time of a short statement.
 */
export class Pipeline {
  readonly #stream: Duplex;
  readonly #inFlight: Array<Exchange<unknown>> = [];
  readonly #onFault: (error: Error) => void;
  #outgoing: Buffer[] = [];
  #headSince: number | undefined;

  /** @param onFault hears of what the server reports while nobody has asked anything, and of what cannot be read. */
  constructor(stream: Duplex, onFault: (error: Error) => void) {
    this.#stream = stream;
    this.#onFault = onFault;
    const reader = new PacketReader((data, start, end) => this.#take(data, start, end));
    stream.removeAllListeners('data'); // until sign-in the driver package reads
    stream.on('data', (chunk: Buffer) => reader.feed(chunk));
  }

  /** Since when the server has been at the oldest exchange, by `performance.now()`; `undefined` while there is none. */
  get headSince(): number | undefined {
    return this.#headSince;
  }

  send<Result>(exchange: Exchange<Result>): Promise<Result> {
    exchange.alone = this.#inFlight.length === 0;
    this.#headSince ??= performance.now();
    this.#inFlight.push(exchange as Exchange<unknown>);
    this.post(exchange.request);
    return exchange.answered;
  }

  /** Sends what the server does not answer. */
  post(request: Buffer): void {
    this.#outgoing.push(request);
    // After every caller who was woken by the same answer has had its turn.
    if (this.#outgoing.length === 1) process.nextTick(() => this.#flush());
  }

  /** Fails everything in flight. */
  fail(error: Error): void {
    this.#headSince = undefined;
    for (const exchange of this.#inFlight.splice(0)) exchange.fail(error);
  }

  /** Says a last word and hangs up. */
  end(request: Buffer): Promise<void> {
    this.#outgoing.push(request);
    this.#flush();
    return new Promise((resolve) => this.#stream.end(resolve));
  }

  /** Hangs up at once. */
  destroy(): void {
    this.#stream.destroy();
  }

  #flush(): void {
    const [first, ...others] = this.#outgoing;
    this.#outgoing = [];
    if (first && this.#stream.writable)
      this.#stream.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
  }

  #take(data: Buffer, start: number, end: number): void {
    const [head] = this.#inFlight;
    try {
      if (!head) this.#onFault(readFault(data, start, end));
      else if (head.take(data, start, end)) this.#endHead(head);
    } catch (error) {
      this.#onFault(error as Error);
    }
  }

  #endHead(head: Exchange<unknown>): void {
    const now = performance.now();
    this.#inFlight.shift();
    head.end(now - (this.#headSince ?? now));
    this.#headSince = this.#inFlight.length === 0 ? undefined : now;
  }
}
