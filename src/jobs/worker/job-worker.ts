import { hostname } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { backoffDelay, jittered } from '../../base/backoff.js';
import { randomToken } from '../../base/ids.js';
import { endsWithin } from '../ends-within.js';
import { type Acknowledgement, type AckPolicy, acknowledge, giveUp, handOn } from '../format/acknowledgement.js';
import { parseClaim } from '../format/entry.js';
import { readEnvelope } from '../format/envelope.js';
import { UnknownTaskError } from '../job-errors.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { ThreadPool } from '../threads/thread-pool.js';
import { HeldJobs } from './held-jobs.js';
import { JobRun } from './job-run.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Prefetch } from './prefetch.js';
import { WakeLatch } from './wake-latch.js';
import { type JobWorkerOptions, type ResolvedWorkerOptions, resolveWorkerOptions } from './worker-options.js';
import { WorkerReporter } from './worker-reporter.js';
import { readHeld, runStep, type StepReply, type StepWorker } from './worker-step.js';

export interface StopOptions {
  /** How long running jobs may still finish, ms; then they go back to the queue. Default 30 000. */
  timeoutMs?: number;
}

const STEP_RETRY = { baseMs: 100, factor: 2, capMs: 1000, jitter: 0.3 };
/** Acknowledgements per step; the rest go with the next one. */
const ACK_CHUNK = 500;
/** How long a job that was claimed ahead waits here before others may have it, ms. */
const AHEAD_MS = 250;
/** How long, after everything else, a worker that stops tries to reach Redis, ms. */
const FAREWELL_MS = 5000;

/**
 * Runs the jobs of one queue in this process. One loop talks to Redis: each of its steps acknowledges what has
 * finished and claims what there is room for. What the server says it holds is compared with what runs here, so that
 * an answer lost on the way leaves no job behind.
 */
export class JobWorker {
  readonly id = `${hostname()}.${process.pid}.${randomToken(6)}`;
  readonly #options: ResolvedWorkerOptions;
  readonly #step: StepWorker;
  readonly #lease: LeaseKeeper;
  readonly #schedules: ScheduleKeeper;
  readonly #reporter: WorkerReporter;
  readonly #latch = new WakeLatch();
  readonly #jobs: HeldJobs;
  readonly #prefetch: Prefetch;
  readonly #threads: ThreadPool;
  /** Claims that the server holds for us, as far as we know. */
  readonly #held = new Set<string>();
  readonly #resent = new Set<string>();
  #acknowledgements: Acknowledgement[] = [];
  #state: 'new' | 'running' | 'draining' | 'abandoned' | 'stopped' = 'new';
  #started: Promise<void> = Promise.resolve();
  #loop: Promise<void> = Promise.resolve();
  #unlisten: Array<() => void> = [];
  #clockOffsetMs = 0;
  #failedSteps = 0;
  /** An answer, or the lease, was lost: what the server holds may differ from what we think, if only in kind. */
  #isInDoubt = false;
  #stopped: Promise<void> | undefined;

  constructor(options: JobWorkerOptions<never>) {
    this.#options = resolveWorkerOptions(options);
    const { queue, leaseMs, concurrency, prefetch, pollMs, logger, threadPoolSize, abortGraceMs } = this.#options;
    const { redis, keys, settings } = queue;
    const { limits } = this.#options.registry;
    this.#step = { id: this.id, leaseMs, redis, keys, settings, limits };
    this.#jobs = new HeldJobs(concurrency, (run) => this.#execute(run));
    this.#prefetch = new Prefetch(concurrency, prefetch);
    this.#threads = new ThreadPool(threadPoolSize, abortGraceMs);
    this.#reporter = new WorkerReporter(this.id, this.#options);
    this.#schedules = new ScheduleKeeper(queue.timetable, pollMs, logger);
    this.#lease = new LeaseKeeper(this.id, this.#options, {
      onBeat: () => [...this.#jobs.all()],
      onLost: () => this.#doubt(),
      onCancel: (ids) => this.#cancel(new Set(ids)),
    });
  }

  /** How many jobs run here. */
  get running(): number {
    return this.#jobs.running;
  }

  /** Begins to take jobs; resolves once Redis knows this worker. */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new Error(`This worker is ${this.#state}; make another one`);
    this.#state = 'running';
    this.#started = this.#join();
    try {
      await this.#started;
    } catch (error) {
      this.#state = 'new';
      throw error;
    }
  }

  async #join(): Promise<void> {
    const { keys, signals } = this.#options.queue;
    await this.#lease.start();
    this.#unlisten = [
      await signals.listen(keys.wakeChannel, () => this.#latch.wake()),
      await signals.listen(keys.cancelChannel, (id) => this.#cancel(new Set([id]))),
    ];
    this.#schedules.start();
    this.#loop = this.#work();
  }

  /** Takes no more jobs, lets running ones finish, and gives back those that do not in time. Idempotent. */
  async stop({ timeoutMs = 30_000 }: StopOptions = {}): Promise<void> {
    await this.#started.catch(() => {}); // whoever called start() hears of it
    if (this.#state === 'running') this.#stopped = this.#drain(timeoutMs);
    await this.#stopped;
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#state = 'draining';
    this.#jobs.close();
    this.#latch.wake();
    const scheduled = this.#schedules.stop();
    if (!(await endsWithin(this.#loop, timeoutMs))) {
      for (const run of this.#jobs.all()) run.interrupt();
      if (!(await endsWithin(this.#loop, this.#options.abortGraceMs + FAREWELL_MS))) this.#abandon();
    }
    await endsWithin(scheduled, FAREWELL_MS);
    for (const unlisten of this.#unlisten) unlisten();
    this.#state = 'stopped';
    await this.#threads.close();
    await this.#lease.stop().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'The worker could not take its leave; its lease will run out');
    });
  }

  async #work(): Promise<void> {
    while (!this.#isDone()) {
      this.#giveBackAhead();
      const waitMs = await this.#stepSafely();
      if (this.#isDone()) return;
      await this.#latch.wait(waitMs);
      await nextTurn(); // what finishes in the same turn is acknowledged in the same step
    }
  }

  #isDone(): boolean {
    if (this.#state === 'abandoned') return true;
    return this.#state === 'draining' && this.#jobs.size === 0 && this.#acknowledgements.length === 0;
  }

  /** One step; answers how long to wait for the next one, ms. */
  async #stepSafely(): Promise<number> {
    const acknowledgements = this.#acknowledgements.splice(0, ACK_CHUNK);
    const mayHold = this.#options.concurrency + this.#prefetch.amount;
    const wanted = this.#state === 'running' ? Math.max(0, mayHold - this.#jobs.size) : 0;
    const asked = performance.now();
    try {
      const reply = await runStep(this.#step, { acknowledgements, wanted, mayHold });
      if (wanted > 0) this.#prefetch.stepTook(performance.now() - asked, reply.claimed.length === wanted);
      this.#failedSteps = 0;
      this.#settle(acknowledgements, reply);
      if (this.#isInDoubt || reply.wasLost || reply.held !== this.#held.size) await this.#reconcile();
      return this.#waitAfter(reply);
    } catch (error) {
      for (const { claim } of acknowledgements) this.#resent.add(claim);
      this.#acknowledgements.unshift(...acknowledgements);
      this.#failedSteps += 1;
      this.#isInDoubt = true;
      this.#reporter.stepFailed(error);
      return backoffDelay(this.#failedSteps, STEP_RETRY);
    }
  }

  #settle(acknowledgements: readonly Acknowledgement[], reply: StepReply): void {
    this.#clockOffsetMs = reply.now - Date.now();
    for (const claim of reply.stale) {
      if (!this.#resent.has(claim)) this.#reporter.stale(claim); // of one sent twice, the first sending may have arrived
    }
    for (const { claim } of acknowledgements) {
      this.#held.delete(claim);
      this.#resent.delete(claim);
    }
    for (const { claim, envelope } of reply.claimed) this.#begin(claim, envelope);
  }

  #waitAfter(reply: StepReply): number {
    if (this.#acknowledgements.length > 0) return 0;
    const aheadMs = this.#jobs.waitingMs > 0 ? AHEAD_MS : Number.POSITIVE_INFINITY;
    return Math.min(jittered(this.#options.pollMs, 0.25), reply.nextDueMs ?? Number.POSITIVE_INFINITY, aheadMs);
  }

  /** Jobs claimed ahead that would have to wait long, because the ones before them do or because this worker stops. */
  #giveBackAhead(): void {
    if (this.#state === 'running' && this.#jobs.waitingMs < AHEAD_MS) return;
    this.#prefetch.forget();
    for (const run of this.#jobs.takeAhead()) {
      const acknowledgement = acknowledge(run, { kind: 'interrupted' }, this.#policyFor(run.envelope.task));
      if (acknowledgement) this.#acknowledgements.push(acknowledgement);
    }
  }

  /** Drops what the server gave to others, and runs what it claimed for us while its answer was lost. */
  async #reconcile(): Promise<void> {
    const held = new Map((await readHeld(this.#step)).map(({ claim, envelope }) => [claim, envelope]));
    const lost = [...this.#held].filter((claim) => !held.has(claim));
    for (const claim of lost) {
      this.#held.delete(claim);
      this.#jobs.get(claim)?.lose();
    }
    if (lost.length > 0) this.#reporter.lost(lost.length);
    for (const [claim, envelope] of held) {
      if (!this.#held.has(claim)) this.#begin(claim, envelope);
    }
    this.#isInDoubt = false;
  }

  #doubt(): void {
    this.#isInDoubt = true;
    this.#latch.wake();
  }

  #begin(claim: string, envelopeText: string): void {
    this.#held.add(claim);
    const run: JobRun = new JobRun(parseClaim(claim), readEnvelope(envelopeText), {
      ...this.#options,
      report: async (changes) => {
        if (this.#held.has(claim)) await this.#reporter.show(run, changes); // else its handler outlived it
      },
    });
    this.#jobs.add(run);
  }

  async #execute(run: JobRun): Promise<void> {
    const policy = this.#policyFor(run.envelope.task);
    const began = performance.now();
    const acknowledgement = run.fault ? giveUp(run, run.fault, policy) : await this.#perform(run, policy);
    this.#prefetch.handlerTook(performance.now() - began);
    if (acknowledgement) this.#acknowledgements.push(acknowledgement);
    this.#latch.wake();
  }

  #policyFor(task: string): AckPolicy {
    const { retryDelaysMs, retryJitter, unknownTaskMs, registry } = this.#options;
    return {
      retryDelaysMs: registry.getMetadata(task)?.retryDelaysMs ?? retryDelaysMs,
      retryJitter,
      unknownTaskMs,
      keepsResults: this.#step.settings.resultTtlMs > 0,
      now: () => Date.now() + this.#clockOffsetMs,
    };
  }

  async #perform(run: JobRun, policy: AckPolicy): Promise<Acknowledgement | undefined> {
    const { registry, queue } = this.#options;
    const { task } = run.envelope;
    const handler = registry.get(task);
    if (!handler) {
      const error = new UnknownTaskError(task, queue.name, Object.keys(registry.tasks));
      this.#reporter.unknownTask(run, error);
      const offeredAt = await queue.publishedTasks.offeredAt(task).catch(() => policy.now());
      return handOn(run, error, offeredAt, policy);
    }
    this.#lease.cover(run);
    const outcome = await run.perform(handler instanceof URL ? this.#threads.handlerOf(handler) : handler);
    const acknowledgement = acknowledge(run, outcome, policy);
    this.#reporter.ended(run, outcome, acknowledgement, policy.now());
    return acknowledgement;
  }

  #cancel(ids: ReadonlySet<string>): void {
    for (const run of this.#jobs.all()) {
      if (ids.has(run.claim.id)) run.cancel();
    }
  }

  #abandon(): void {
    this.#state = 'abandoned';
    this.#latch.wake();
  }
}
