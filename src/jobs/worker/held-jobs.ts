import type { JobRun } from './job-run.js';

/** The jobs a worker holds, by claim: those that run, and those that were claimed ahead and begin as others end. */
export class HeldJobs {
  readonly #concurrency: number;
  readonly #perform: (run: JobRun) => Promise<void>;
  readonly #runs = new Map<string, JobRun>();
  #ahead: JobRun[] = [];
  #running = 0;
  #lastBegan = 0;
  #isClosed = false;

  /** @param perform runs a job and never rejects. */
  constructor(concurrency: number, perform: (run: JobRun) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#perform = perform;
  }

  get size(): number {
    return this.#runs.size;
  }

  get running(): number {
    return this.#running;
  }

  /** For how long jobs that were claimed ahead have waited for one that runs to end, ms; 0 when there are none. */
  get waitingMs(): number {
    return this.#ahead.length === 0 ? 0 : performance.now() - this.#lastBegan;
  }

  get(claim: string): JobRun | undefined {
    return this.#runs.get(claim);
  }

  all(): Iterable<JobRun> {
    return this.#runs.values();
  }

  add(run: JobRun): void {
    this.#runs.set(run.claim.text, run);
    this.#ahead.push(run);
    this.#beginNext();
  }

  /** From now on none begins. */
  close(): void {
    this.#isClosed = true;
  }

  /** Takes out the jobs that did not begin yet, the last one first. */
  takeAhead(): JobRun[] {
    const taken = this.#ahead.reverse();
    this.#ahead = [];
    for (const { claim } of taken) this.#runs.delete(claim.text);
    return taken;
  }

  #beginNext(): void {
    while (this.#running < this.#concurrency && !this.#isClosed) {
      const run = this.#ahead.shift();
      if (!run) return;
      void this.#begin(run);
    }
  }

  async #begin(run: JobRun): Promise<void> {
    this.#running += 1;
    this.#lastBegan = performance.now();
    await this.#perform(run);
    this.#running -= 1;
    this.#runs.delete(run.claim.text);
    this.#beginNext();
  }
}
