import type { Logger } from '../../base/ports.js';
import { sleep } from '../../base/sleep.js';
import type { JobOutbox, JobQueue, OutboxJob } from '../../jobs/index.js';
import type { Database } from '../../orm/index.js';
import { KernelJobOutbox } from './entities.js';

export interface OutboxOptions {
  db: Database;
  logger: Logger;
  /** Age from which on a row is taken to have been left by somebody who is gone, ms. Default 5000. */
  leftAfterMs?: number;
  /** How often it looks for such rows, ms. Default 2000. */
  lookMs?: number;
}

/** Rows per round. */
const BATCH = 500;
/** How long a commit waits for the queue to take its jobs, ms; they get there without it. */
const PATIENCE_MS = 500;

/**
 * Keeps the jobs that are enqueued inside a `dbContext` in a table, so that they are committed or rolled back with it.
 * The process that committed hands them to the queue; what it leaves behind when it dies, any other process finds. The
 * queue takes each job once, however often it is handed over, so no row needs to be locked for that.
 */
export class Outbox implements JobOutbox {
  readonly #db: Database;
  readonly #logger: Logger;
  readonly #leftAfterMs: number;
  readonly #lookMs: number;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #queue: JobQueue | undefined;

  constructor({ db, logger, leftAfterMs = 5000, lookMs = 2000 }: OutboxOptions) {
    this.#db = db;
    this.#logger = logger;
    this.#leftAfterMs = leftAfterMs;
    this.#lookMs = lookMs;
  }

  /** Begins to hand jobs over to `queue`. */
  start(queue: JobQueue): void {
    this.#queue = queue;
    this.#loop = this.#repeat();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  isOpen(): boolean {
    return this.#db.isInTransaction;
  }

  async put(jobs: readonly OutboxJob[]): Promise<void> {
    const rows = await KernelJobOutbox.saveMany(
      jobs.map(({ text }) => ({ payload: text })),
      { db: this.#db },
    );
    this.#db.afterCommit(() => this.#handOverInTime(rows));
  }

  /** Hands over what others left; answers how many jobs that were. */
  async collect(): Promise<number> {
    const leftBefore = new Date(Date.now() - this.#leftAfterMs);
    const rows = await KernelJobOutbox.find({
      where: { createdAt: { lte: leftBefore } },
      orderBy: 'id',
      limit: BATCH,
      db: this.#db,
    });
    if (rows.length > 0) await this.#handOver(rows);
    return rows.length;
  }

  /** The row goes only when the queue has the job. */
  async #handOver(rows: readonly KernelJobOutbox[]): Promise<void> {
    if (!this.#queue) return;
    await this.#queue.takeCommitted(rows.map(({ payload }) => payload));
    const places = rows.map(() => '?').join(', ');
    await this.#db.execute(
      `DELETE FROM [kernel_jobs_outbox] WHERE [id] IN (${places})`,
      rows.map(({ id }) => id),
    );
  }

  async #handOverInTime(rows: readonly KernelJobOutbox[]): Promise<void> {
    const done = new AbortController();
    const handedOver = this.#handOverSafely(rows).then(() => done.abort());
    await Promise.race([handedOver, sleep(PATIENCE_MS, done.signal).catch(() => {})]);
  }

  async #handOverSafely(rows: readonly KernelJobOutbox[]): Promise<void> {
    try {
      await this.#handOver(rows);
    } catch (error) {
      this.#logger.warn({ err: error, jobs: rows.length }, 'Committed jobs could not be put in line yet; trying again');
    }
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const found = await this.collect().catch((error: unknown) => {
        if (!signal.aborted) this.#logger.warn({ err: error }, 'Looking for committed jobs failed; trying again');
        return 0;
      });
      if (found < BATCH) await sleep(this.#lookMs, signal).catch(() => {}); // it stops
    }
  }
}
