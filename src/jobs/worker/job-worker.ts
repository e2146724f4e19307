import { hostname } from 'node:os';
import { randomToken } from '../../base/ids.js';
import { endsWithin } from '../ends-within.js';
import { type Acknowledgement, type AckPolicy, acknowledge, giveUp, handOn } from '../format/acknowledgement.js';
import { parseClaim } from '../format/entry.js';
import { readEnvelope } from '../format/envelope.js';
import { readHandedOver } from '../format/idle-workers.js';
import { UnknownTaskError } from '../job-errors.js';
import type { TaskHandler } from '../job-registry.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { ThreadPool } from '../threads/thread-pool.js';
import { HeldJobs } from './held-jobs.js';
import { JobRun, type RunOptions } from './job-run.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Prefetch } from './prefetch.js';
import { StepLoop, type StepOwner } from './step-loop.js';
import { type JobWorkerOptions, type ResolvedWorkerOptions, resolveWorkerOptions } from './worker-options.js';
import { WorkerReporter } from './worker-reporter.js';

export interface StopOptions {
  /** How long running jobs may still finish, ms; then they go back to the queue. Default 30 000. */
  timeoutMs?: number;
}

/** How long a job that was claimed ahead waits here before others may have it, ms. */
const AHEAD_MS = 250;
/** How long, after everything else, a worker that stops tries to reach Redis, ms. */
const FAREWELL_MS = 5000;

/** Runs the jobs of one queue in this process. */
export class JobWorker {
  readonly id = `${hostname()}.${process.pid}.${randomToken(6)}`;
  readonly #options: ResolvedWorkerOptions;
  readonly #policy: AckPolicy;
  readonly #run: RunOptions;
  readonly #steps: StepLoop;
  readonly #lease: LeaseKeeper;
  readonly #schedules: ScheduleKeeper;
  readonly #reporter: WorkerReporter;
  readonly #jobs: HeldJobs;
  readonly #prefetch: Prefetch;
  readonly #threads: ThreadPool;
  #state: 'new' | 'running' | 'draining' | 'abandoned' | 'stopped' = 'new';
  #started: Promise<void> = Promise.resolve();
  #hasStarted = false;
  #loop: Promise<void> = Promise.resolve();
  #unlisten: Array<() => void> = [];
  #stopped: Promise<void> | undefined;

  constructor(options: JobWorkerOptions<never>) {
    this.#options = resolveWorkerOptions(options);
    const { queue, leaseMs, concurrency, prefetch, pollMs, logger, threadPoolSize, abortGraceMs } = this.#options;
    const { suspectDelayMs } = this.#options;
    const { redis, keys, settings } = queue;
    const { registry } = this.#options;
    const { limits } = registry;
    this.#jobs = new HeldJobs(concurrency, (run) => this.#execute(run));
    this.#prefetch = new Prefetch(concurrency, prefetch);
    this.#threads = new ThreadPool(threadPoolSize, abortGraceMs);
    this.#reporter = new WorkerReporter(this.id, this.#options);
    this.#schedules = new ScheduleKeeper(queue.timetable, pollMs, logger);
    const taskCount = (): number => Object.keys(registry.tasks).length;
    const standsBy = redis.isCluster ? {} : { taskCount }; // in a cluster nobody can tell whether a message was heard
    const stepWorker = { id: this.id, leaseMs, redis, keys, settings, limits, suspectDelayMs, ...standsBy };
    this.#steps = new StepLoop(stepWorker, this.#stepOwner(), this.#reporter, pollMs);
    this.#policy = this.#ackPolicy();
    this.#run = {
      ...this.#options,
      report: async (run, changes) => {
        if (this.#steps.holds(run.claim.text)) await this.#reporter.show(run, changes); // else its handler outlived it
      },
    };
    this.#lease = new LeaseKeeper(this.id, this.#options, {
      onBeat: () => [...this.#jobs.all()],
      onLost: () => this.#steps.doubt(),
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
      await signals.listen(keys.wakeChannel, () => this.#steps.wake()),
      await signals.listen(keys.giveChannel(this.id), (message) => this.#steps.give(readHandedOver(message))),
      await signals.listen(keys.cancelChannel, (id) => this.#cancel(new Set([id]))),
    ];
    this.#schedules.start();
    this.#loop = this.#steps.run();
    this.#hasStarted = true;
  }

  /** Takes no more jobs, lets running ones finish, and gives back those that do not in time. Idempotent. */
  async stop({ timeoutMs = 30_000 }: StopOptions = {}): Promise<void> {
    if (!this.#hasStarted) await this.#started.catch(() => {}); // whoever called start() hears of it
    if (this.#state === 'running') this.#stopped = this.#drain(timeoutMs);
    await this.#stopped;
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#state = 'draining';
    this.#jobs.close();
    this.#steps.stir();
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

  #stepOwner(): StepOwner {
    return {
      onTurn: () => {
        this.#giveBackAhead();
        return this.#jobs.waitingMs > 0 ? AHEAD_MS : Number.POSITIVE_INFINITY;
      },
      room: () => {
        const mayHold = this.#options.concurrency + this.#prefetch.amount;
        return { free: this.#state === 'running' ? mayHold - this.#jobs.size : 0, mayHold };
      },
      onClaimed: (claim, envelope) => this.#begin(claim, envelope),
      onLost: (claim) => {
        for (const run of this.#jobs.all()) if (run.claim.text === claim) run.lose();
      },
      isRunning: () => this.#jobs.running > 0,
      onStep: (ms, broughtAll) => this.#prefetch.stepTook(ms, broughtAll),
      isDone: () => {
        if (this.#state === 'abandoned') return 'now';
        return this.#state === 'draining' && this.#jobs.size === 0;
      },
    };
  }

  #ackPolicy(): AckPolicy {
    const { retryDelaysMs, retryJitter, unknownTaskMs, registry, queue } = this.#options;
    return {
      retryDelaysOf: (task) => registry.getMetadata(task)?.retryDelaysMs ?? retryDelaysMs,
      retryJitter,
      unknownTaskMs,
      keepsResults: queue.settings.resultTtlMs > 0,
      now: () => this.#steps.now(),
    };
  }

  /**
   * Jobs claimed ahead that would have to wait long, because the ones before them do or because this worker stops. All go
   * back at once, to the head of their lists: what is still on its way here would else be put before them.
   */
  #giveBackAhead(): void {
    if (this.#steps.isClaiming) return;
    if (this.#state === 'running' && this.#jobs.waitingMs < AHEAD_MS) return;
    this.#prefetch.forget();
    for (const run of this.#jobs.takeAhead()) {
      const acknowledgement = acknowledge(run, { kind: 'interrupted' }, this.#policy);
      if (acknowledgement) this.#steps.acknowledge(acknowledgement);
    }
  }

  #begin(claim: string, envelopeText: string): void {
    this.#jobs.add(new JobRun(parseClaim(claim), readEnvelope(envelopeText), this.#run));
    if (this.#state !== 'running') this.#steps.stir(); // it goes back
  }

  #execute(run: JobRun): void {
    const handler = this.#options.registry.get(run.envelope.task);
    if (run.fault) this.#ended(run, giveUp(run, run.fault, this.#policy));
    else if (handler) this.#perform(run, handler);
    else void this.#handOn(run);
  }

  #perform(run: JobRun, handler: TaskHandler): void {
    this.#lease.cover(run);
    run.perform(handler instanceof URL ? this.#threads.handlerOf(handler) : handler, (outcome) => {
      const acknowledgement = acknowledge(run, outcome, this.#policy);
      this.#prefetch.handlerTook(run.tookMs);
      this.#reporter.ended(run, outcome, acknowledgement, this.#policy.now());
      this.#ended(run, acknowledgement);
    });
  }

  #ended(run: JobRun, acknowledgement: Acknowledgement | undefined): void {
    if (acknowledgement) this.#steps.acknowledge(acknowledgement);
    else this.#steps.wake(); // nothing is said of it, but there is room for another one
    this.#jobs.ended(run);
  }

  async #handOn(run: JobRun): Promise<void> {
    const { registry, queue } = this.#options;
    const { task } = run.envelope;
    const error = new UnknownTaskError(task, queue.name, Object.keys(registry.tasks));
    this.#reporter.unknownTask(run, error);
    const offeredAt = await queue.publishedTasks.offeredAt(task).catch(() => this.#policy.now());
    this.#ended(run, handOn(run, error, offeredAt, this.#policy));
  }

  #cancel(ids: ReadonlySet<string>): void {
    for (const run of this.#jobs.all()) {
      if (ids.has(run.claim.id)) run.cancel();
    }
  }

  #abandon(): void {
    this.#state = 'abandoned';
    this.#steps.stir();
  }
}
