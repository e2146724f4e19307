import { jittered } from '../../base/backoff.js';
import { sleep } from '../../base/sleep.js';
import { runScript, ScoreRenewer } from '../../redis/index.js';
import type { JobRun } from './job-run.js';
import { HEARTBEAT, LEAVE, REAP } from './lease-scripts.js';
import { UNPARK } from './limit-scripts.js';
import type { ResolvedWorkerOptions } from './worker-options.js';

export interface LeaseEvents {
  /** Asks what runs here. */
  onBeat(): readonly JobRun[];
  /** The lease had run out: jobs of this worker may run elsewhere by now. */
  onLost(): void;
  /** These running jobs are to be cancelled, if they are this worker's. */
  onCancel(jobIds: readonly string[]): void;
}

/** How often the names of the tasks are said again. */
const PUBLISH_MS = 60_000;
const POISON = JSON.stringify('Its worker died while running it, as often as is allowed');

/** Keeps one worker's lease, and gives back the jobs of workers that let theirs run out. */
export class LeaseKeeper {
  readonly #workerId: string;
  readonly #options: ResolvedWorkerOptions;
  readonly #events: LeaseEvents;
  readonly #stop = new AbortController();
  #thread: ScoreRenewer | undefined;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #inTouchSince = 0;
  /** What the clocks showed when we last looked for dead workers. */
  #clock: { server: number; own: number } | undefined;

  constructor(workerId: string, options: ResolvedWorkerOptions, events: LeaseEvents) {
    this.#workerId = workerId;
    this.#options = options;
    this.#events = events;
  }

  /** Resolves once this worker is known. */
  async start(): Promise<void> {
    this.#inTouchSince = performance.now();
    await this.#publishTasks();
    await runScript(this.#redis, HEARTBEAT, [this.#base], [this.#workerId, this.#options.leaseMs]);
    this.#startThread();
    void this.#repeat('renewing the lease', this.#options.heartbeatMs, () => this.#beat());
    void this.#repeat('looking for dead workers', this.#options.reapMs, () => this.#reap());
  }

  /** Ends the lease, unless jobs are still held under it: then it runs out, and they are given back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#thread?.close();
    await runScript(this.#redis, LEAVE, [this.#base], [this.#workerId]);
  }

  /** A job is about to run: it may block this thread for as long as it may take. */
  cover({ envelope }: JobRun): void {
    this.#thread?.allow(envelope.timeoutMs + this.#options.abortGraceMs);
  }

  #startThread(): void {
    const { leaseThread, leaseMs, heartbeatMs, queue, logger } = this.#options;
    if (!leaseThread || !ScoreRenewer.serves(this.#redis)) return;
    const renewal = { key: queue.keys.workers, member: this.#workerId, lifeMs: leaseMs, everyMs: heartbeatMs, logger };
    try {
      this.#thread = new ScoreRenewer(this.#redis, renewal);
    } catch (error) {
      logger.warn({ err: error }, 'Job worker: no thread can keep the lease; handlers must not block for longer');
    }
  }

  get #redis() {
    return this.#options.queue.redis;
  }

  get #base() {
    return this.#options.queue.keys.base;
  }

  async #repeat(what: string, everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (await pause(jittered(everyMs, 0.2), signal)) {
      try {
        await work();
      } catch (error) {
        this.#inTouchSince = performance.now();
        if (!signal.aborted) this.#options.logger.warn({ err: error }, `Job worker: ${what} failed; trying again`);
      }
    }
  }

  async #beat(): Promise<void> {
    const args = [this.#workerId, this.#options.leaseMs];
    const [wasHeld, flagged] = (await runScript(this.#redis, HEARTBEAT, [this.#base], args)) as [number, string[]];
    if (this.#stop.signal.aborted) return;
    const left = this.#events.onBeat().map(({ timeLeftMs }) => timeLeftMs);
    this.#thread?.allowOnly(Math.max(this.#options.leaseMs, ...left));
    if (wasHeld !== 1) this.#events.onLost();
    this.#events.onCancel(flagged);
    if (performance.now() - this.#publishedAt >= PUBLISH_MS) await this.#publishTasks();
  }

  /** A server that is full takes no names, but its jobs must still be done, or it stays full. */
  async #publishTasks(): Promise<void> {
    try {
      await this.#options.queue.publishedTasks.publish(Object.keys(this.#options.registry.tasks));
      await this.#unpark();
      this.#publishedAt = performance.now();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'Job worker: its tasks could not be made known; trying again');
    }
  }

  /** Jobs that wait because of a limit that their task has no more. */
  async #unpark(): Promise<void> {
    const { registry, queue } = this.#options;
    for (const task of await this.#redis.smembers(queue.keys.parked)) {
      if (!registry.has(task) || registry.limits.has(task)) continue;
      while (Number(await runScript(this.#redis, UNPARK, [this.#base], [task])) > 0);
    }
  }

  /** After an outage of Redis every lease has run out; live workers get one heartbeat's time to renew theirs. */
  async #reap(): Promise<void> {
    if (performance.now() - this.#inTouchSince < this.#options.heartbeatMs) return;
    const { maxCrashes, suspectDelayMs, leaseMs, queue, logger, metrics } = this.#options;
    const { resultTtlMs, maxFinished, deadTtlMs, maxDead } = queue.settings;
    const kept = [resultTtlMs, maxFinished, deadTtlMs, maxDead];
    const args = [this.#workerId, leaseMs, maxCrashes, suspectDelayMs, POISON, ...kept, this.#expectedTime()];
    const [now, ...found] = (await runScript(this.#redis, REAP, [this.#base], args)) as string[];
    this.#clock = { server: Number(now), own: performance.now() };
    if (found.length === 0) {
      this.#inTouchSince = performance.now();
      return;
    }
    const [workers, back, buried] = found.map((lines) => lines.split('\n').filter(Boolean));
    if (back?.length) {
      logger.warn({ workers, jobs: back }, 'Workers died; their jobs run again');
      metrics.increment('jobs_recovered_total', {}, back.length);
    }
    if (buried?.length) {
      logger.error({ workers, jobs: buried }, 'Jobs whose workers keep dying went to the dead letters');
      metrics.increment('jobs_poisoned_total', {}, buried.length);
    }
  }

  /** What the server's clock should show by now, ms. */
  #expectedTime(): number | '' {
    return this.#clock ? Math.round(this.#clock.server + performance.now() - this.#clock.own) : '';
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}
