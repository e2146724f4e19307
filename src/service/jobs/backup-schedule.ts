import type { Clock } from '../../base/clock.js';
import { systemClock } from '../../base/clock.js';
import type { Logger } from '../../base/ports.js';
import { firstTick } from '../../jobs/schedule/cron.js';
import type { Database } from '../../orm/index.js';

/** A timer of Node keeps no longer wait. */
const MAX_WAIT_MS = 2 ** 31 - 1;

export interface BackupScheduleOptions {
  readonly database: Pick<Database, 'scheduledBackup'>;
  /** Five fields, read in UTC. */
  readonly cron: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Makes a backup whenever the schedule says; of several instances on one database, one does. */
export class BackupSchedule {
  readonly #options: BackupScheduleOptions;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** @throws ValidationError for what is no cron expression. */
  async start(): Promise<void> {
    const tick = await firstTick(this.#options.cron, 'UTC', this.#clock.now());
    this.#wait(tick);
  }

  /** A backup that runs is waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wait(tick: number): void {
    if (this.#stopped) return;
    const left = tick - this.#clock.now();
    const due = left <= MAX_WAIT_MS;
    this.#timer = setTimeout(
      () => (due ? this.#begin(tick) : this.#wait(tick)),
      Math.max(0, Math.min(left, MAX_WAIT_MS)),
    );
    this.#timer.unref();
  }

  #begin(tick: number): void {
    this.#running = this.#run(tick);
  }

  async #run(tick: number): Promise<void> {
    const { database, logger, cron } = this.#options;
    try {
      await database.scheduledBackup(new Date(tick));
    } catch (error) {
      logger.error({ err: error }, 'The scheduled backup failed');
    }
    this.#wait(await firstTick(cron, 'UTC', Math.max(tick, this.#clock.now())));
  }
}
