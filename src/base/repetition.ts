import { jittered } from './backoff.js';
import { sleep } from './sleep.js';

/** Does something again and again, with a pause between, until it is stopped. */
export class Repetition {
  readonly #work: () => Promise<unknown>;
  readonly #everyMs: number;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  /**
   * @param work must not reject, and look at `signal` where it takes long.
   * @param everyMs the pause, a fifth more or less, so that instances do not come to do it together.
   */
  constructor(work: () => Promise<unknown>, everyMs: number) {
    this.#work = work;
    this.#everyMs = everyMs;
  }

  /** Aborted by `stop`. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** At once for the first time. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Comes back once `work` has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.signal.aborted) {
      await this.#work();
      await sleep(jittered(this.#everyMs, 0.2), this.signal).catch(() => {}); // stopped
    }
  }
}
