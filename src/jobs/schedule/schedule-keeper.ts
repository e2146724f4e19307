import type { Logger } from '../../base/ports.js';
import { sleep } from '../../base/sleep.js';
import type { Schedules } from './schedules.js';

/** Starts scheduled jobs in time, for as long as it is open. Every worker has one. */
export class ScheduleKeeper {
  readonly #schedules: Schedules;
  readonly #lookMs: number;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  /** @param lookMs how often it looks for schedules made meanwhile. */
  constructor(schedules: Schedules, lookMs: number, logger: Logger) {
    this.#schedules = schedules;
    this.#lookMs = lookMs;
    this.#logger = logger;
  }

  start(): void {
    this.#loop = this.#repeat();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const waitMs = await this.#fireDue();
      await sleep(waitMs, signal).catch(() => {}); // it stops
    }
  }

  async #fireDue(): Promise<number> {
    try {
      const untilNext = await this.#schedules.fireDue();
      return Math.max(0, Math.min(untilNext ?? Number.POSITIVE_INFINITY, this.#lookMs));
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#logger.warn({ err: error }, 'Scheduled jobs were not started; trying again');
      return this.#lookMs;
    }
  }
}
