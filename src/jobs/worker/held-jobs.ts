import { BriskSet } from '../../base/brisk-set.js';
import type { JobRun } from './job-run.js';

/** The jobs that a worker holds and that have not ended: those that run, and those that were claimed ahead. */
export class HeldJobs {
  readonly #concurrency: number;
  readonly #perform: (run: JobRun) => void;
  readonly #runs = new BriskSet<JobRun>();
  #ahead: JobRun[] = [];
  #young: JobRun[] = [];
  #running = 0;
  #lastBegan = 0;
  #isBeginning = false;
  #isClosed = false;

  /** @param perform runs a job, and calls `ended` with it, at once or later. */
  constructor(concurrency: number, perform: (run: JobRun) => void) {
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

  all(): Iterable<JobRun> {
    return this.#runs;
  }

  add(run: JobRun): void {
    this.#runs.add(run);
    this.#ahead.push(run);
    this.#beginNext();
  }

  ended(run: JobRun): void {
    this.#running -= 1;
    this.#runs.delete(run);
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
    for (const run of taken) this.#runs.delete(run);
    return taken;
  }

  #beginNext(): void {
    if (this.#isBeginning) return; // a job ended at once; the loop that began it goes on
    this.#isBeginning = true;
    while (this.#running < this.#concurrency && !this.#isClosed) {
      const run = this.#ahead.shift();
      if (!run) break;
      this.#running += 1;
      this.#lastBegan = performance.now();
      this.#perform(run);
      if (this.#runs.has(run)) this.#watch(run);
    }
    this.#isBeginning = false;
  }

  /** Limits the time of a run once it has outlived the turn it began in: a timer for each took 0.3 to 1.2 µs. */
  #watch(run: JobRun): void {
    if (this.#young.push(run) > 1) return;
    setImmediate(() => {
      const young = this.#young;
      this.#young = [];
      for (const each of young) each.limitTime();
    });
  }
}
