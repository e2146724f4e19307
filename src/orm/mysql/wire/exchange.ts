import { readFault } from './server-fault.js';

const FAULT = 0xff;

/** One request and its answer. */
export abstract class Exchange<Result> {
  readonly request: Buffer;
  /** Settles when the server has answered, or never will. */
  readonly answered: Promise<Result>;
  /** Whether nothing else was on the way when it was sent. */
  alone = true;
  /** How long the server was at it, ms. */
  tookMs = 0;
  #fault: Error | undefined;
  #resolve!: (result: Result) => void;
  #reject!: (error: Error) => void;

  constructor(request: Buffer) {
    this.request = request;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** One packet of the answer. @returns whether it was the last. */
  take(data: Buffer, start: number, end: number): boolean {
    if (data[start] !== FAULT) return this.read(data, start, end);
    this.#fault = readFault(data, start, end);
    return true;
  }

  /** The server has nothing more to say. */
  end(tookMs: number): void {
    this.tookMs = tookMs;
    if (this.#fault) this.#reject(this.#fault);
    else this.#resolve(this.result());
  }

  /** The server will not answer any more. */
  fail(error: Error): void {
    this.#reject(error);
  }

  protected abstract read(data: Buffer, start: number, end: number): boolean;
  protected abstract result(): Result;
}
