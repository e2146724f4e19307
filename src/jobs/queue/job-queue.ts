import { ConflictError, NotFoundError } from '../../base/errors.js';
import { type Metrics, silentLogger, silentMetrics } from '../../base/ports.js';
import { type RedisClient, runScript } from '../../redis/index.js';
import { parseClaim, parseEntry } from '../format/entry.js';
import { finishedJob, type Job, type JobStatus, liveJob } from '../format/job.js';
import { type QueueKeys, queueKeys } from '../format/queue-keys.js';
import { UnknownTaskError } from '../job-errors.js';
import type { JobOutbox } from '../job-outbox.js';
import type { JobRegistry } from '../job-registry.js';
import { packSchedule, type Schedule } from '../schedule/schedule.js';
import { Schedules } from '../schedule/schedules.js';
import { CANCEL } from './cancel-script.js';
import { CommittedJobs, type Order } from './enqueue/committed-jobs.js';
import { EnqueueBatch } from './enqueue/enqueue-batch.js';
import { type EnqueueOptions, enqueueRequest } from './enqueue/enqueue-options.js';
import { JobLists, type ListOptions } from './job-lists.js';
import { LOCATE } from './locate-script.js';
import { PublishedTasks } from './published-tasks.js';
import { PURGE } from './purge-script.js';
import { type QueueEvent, type QueueEventName, QueueEvents } from './queue-events.js';
import { assertOneOf, assertQueueOptions, type JobQueueOptions } from './queue-options.js';
import { type QueueSettings, queueSettings } from './queue-settings.js';
import { QueueSignals } from './queue-signals.js';
import { type QueueStats, readQueueStats } from './queue-stats.js';
import { REVIVE } from './revive-script.js';

export type { JobQueueOptions } from './queue-options.js';

export interface EnqueueResult {
  jobId: string;
  taskName: string;
  /** `queued`, or the state of the job that has this `jobId` already. */
  status: JobStatus;
  queueName: string;
  /** True when a job of this `jobId`, or the same schedule, exists and no other one was made. */
  duplicate: boolean;
}

/** One job of `enqueueMany`. */
export interface NewJob extends EnqueueOptions {
  task: string;
  data?: unknown;
}

export interface CancelResult {
  jobId: string;
  /** True when the job will not run, or was running and has been told to stop. */
  cancelled: boolean;
  /** True when it was running: its handler learns of it by `ctx.signal`. */
  running: boolean;
}

const PURGE_KINDS = ['waiting', 'finished', 'dead'] as const;
export type PurgeKind = (typeof PURGE_KINDS)[number];

const PURGE_CHUNK = 500;

/** The client of a queue: takes jobs in, shows them, and steers them. Any number of them may serve one queue. */
export class JobQueue {
  readonly name: string;
  readonly redis: RedisClient;
  readonly keys: QueueKeys;
  readonly settings: QueueSettings;
  readonly signals: QueueSignals;
  readonly publishedTasks: PublishedTasks;
  /** What starts again and again. */
  readonly timetable: Schedules;
  readonly #registry: JobRegistry | undefined;
  readonly #metrics: Metrics;
  readonly #batch: EnqueueBatch;
  readonly #committed: CommittedJobs;
  readonly #outbox: JobOutbox | undefined;
  readonly #lists: JobLists;
  readonly #events: QueueEvents;
  readonly #hasOwnSignals: boolean;

  /** @throws ConfigError that names every unknown option, and a `redis` that is no client. */
  constructor(options: JobQueueOptions) {
    assertQueueOptions(options);
    const { redis, prefix = 'queue:', name = 'default', registry, openSubscriber, logger, metrics } = options;
    this.name = name;
    this.redis = redis;
    this.keys = queueKeys(prefix, name);
    this.settings = queueSettings(options);
    const openClient = openSubscriber ?? (() => redis.duplicate());
    this.signals = options.signals ?? new QueueSignals(openClient, logger ?? silentLogger);
    this.#hasOwnSignals = options.signals === undefined;
    this.publishedTasks = new PublishedTasks(redis, this.keys.tasks);
    this.timetable = new Schedules(redis, this.keys);
    this.#registry = registry;
    this.#metrics = metrics ?? silentMetrics;
    this.#batch = new EnqueueBatch(redis, this.keys.base);
    this.#committed = new CommittedJobs(redis, this.keys, this.timetable);
    this.#outbox = options.outbox;
    this.#lists = new JobLists(redis, this.keys, name);
    this.#events = new QueueEvents(redis, this.signals, this.keys);
  }

  /**
   * Puts a job in line; resolves once Redis has it. It runs at least once. Inside a transaction, with an outbox, it is a
   * part of it: it gets in line when that is committed.
   * @throws UnknownTaskError naming the tasks there are.
   * @throws ValidationError for faulty options, or data that JSON cannot carry.
   */
  async enqueue(task: string, data?: unknown, options: EnqueueOptions = {}): Promise<EnqueueResult> {
    if (!this.#registry?.has(task)) await this.#assertPublished(task);
    const order = this.#orderOf(task, data, options);
    if (!this.#outbox?.isOpen()) return this.#submit(order);
    const [result] = await this.#putAside(this.#outbox, [order]);
    return result as EnqueueResult;
  }

  /** Puts many jobs in line, in few round trips; the results are in the order of the jobs. One bad job refuses all. */
  async enqueueMany(jobs: readonly NewJob[]): Promise<EnqueueResult[]> {
    for (const { task } of jobs) {
      if (!this.#registry?.has(task)) await this.#assertPublished(task);
    }
    const orders = jobs.map(({ task, data, ...options }) => this.#orderOf(task, data, options));
    if (this.#outbox?.isOpen()) return this.#putAside(this.#outbox, orders);
    return this.#submitMany(orders);
  }

  /** Jobs that were put aside in a transaction, and that is committed. Those it has taken before it leaves alone. */
  takeCommitted(texts: readonly string[]): Promise<void> {
    return this.#committed.take(texts);
  }

  /** A job by its id, `null` once it is unknown or its record has expired. */
  async get(jobId: string): Promise<Job | null> {
    const found = (await runScript(this.redis, LOCATE, [this.keys.base], [jobId])) as LocateReply;
    if (found[0] === 'ended') return finishedJob(this.name, jobId, found[1]);
    if (found[0] !== 'live') return null;
    const [, envelopeText, place, due, changes] = found;
    const live = Object.fromEntries(changes.flatMap((name, i) => (i % 2 ? [] : [[name, changes[i + 1] ?? '']])));
    const job = { id: jobId, envelopeText, live };
    if (/^\d/.test(place)) {
      const claim = parseClaim(place);
      return liveJob(this.name, { ...job, entry: claim, claimedAt: new Date(claim.claimedAtMs) });
    }
    const entry = parseEntry(place);
    return liveJob(this.name, due ? { ...job, entry, runAt: new Date(Number(due)) } : { ...job, entry });
  }

  /** Jobs by state, task or user. */
  list(options?: ListOptions): Promise<{ jobs: Job[]; total: number }> {
    return this.#lists.list(options);
  }

  /**
   * A waiting job will not run; a running one is told to stop and ends as cancelled unless it succeeds first.
   * @throws NotFoundError for an unknown id.
   */
  async cancel(jobId: string): Promise<CancelResult> {
    const { resultTtlMs, maxFinished } = this.settings;
    const outcome = await runScript(this.redis, CANCEL, [this.keys.base], [jobId, resultTtlMs, maxFinished]);
    if (outcome !== 'unknown') return { jobId, cancelled: true, running: outcome === 'running' };
    if (await this.get(jobId)) return { jobId, cancelled: false, running: false };
    throw new NotFoundError(`Job not found: ${jobId}`);
  }

  /**
   * Gives a dead job a fresh start.
   * @throws NotFoundError for an unknown id, ConflictError for a job that is not dead.
   */
  async retry(jobId: string): Promise<void> {
    const revived = (await runScript(this.redis, REVIVE, [this.keys.base], [jobId])) as string[];
    if (revived.length > 0) return;
    const job = await this.get(jobId);
    if (!job) throw new NotFoundError(`Job not found: ${jobId}`);
    throw new ConflictError(`Job ${jobId} is ${job.status}; only a dead job can be retried`);
  }

  /** Jobs that failed for good, newest first. */
  deadLetters({ limit = 50, offset = 0 }: { limit?: number; offset?: number } = {}): Promise<Job[]> {
    return this.#lists.dead(offset, limit);
  }

  /** Forgets all jobs of a kind; answers how many. Running jobs stay. */
  async purge(kind: PurgeKind): Promise<number> {
    assertOneOf('kind', kind, PURGE_KINDS);
    for (let total = 0; ; ) {
      const purged = Number(await runScript(this.redis, PURGE, [this.keys.base], [kind, PURGE_CHUNK]));
      if (purged === 0) return total;
      total += purged;
    }
  }

  /** What starts again and again, the next one first. */
  schedules(): Promise<Schedule[]> {
    return this.timetable.list();
  }

  /** Ends a schedule; answers whether there was one. A job that it started already runs all the same. */
  unschedule(scheduleId: string): Promise<boolean> {
    return this.timetable.drop(scheduleId);
  }

  stats(): Promise<QueueStats> {
    return readQueueStats(this.redis, this.keys);
  }

  /** Workers finish what they run and take nothing more, until `resume`. */
  async pause(): Promise<void> {
    await this.redis.hset(this.keys.flags, 'paused', 1);
  }

  async resume(): Promise<void> {
    await this.redis.hdel(this.keys.flags, 'paused');
    await this.redis.publish(this.keys.wakeChannel, '');
  }

  /** Hears of jobs in whatever process they run; resolves, with the function that ends it, once it does. */
  on(event: QueueEventName, listener: (event: QueueEvent) => void): Promise<() => void> {
    return this.#events.on(event, listener);
  }

  /** Ends what this client listens to. Its Redis client belongs to the caller. */
  close(): void {
    this.#events.close();
    if (this.#hasOwnSignals) this.signals.close();
  }

  #orderOf(task: string, data: unknown, options: EnqueueOptions): Order {
    const defaults = this.#registry?.getMetadata(task) ?? {};
    const request = enqueueRequest(task, data, options, defaults, this.settings);
    const { cron } = options;
    if (cron === undefined) return { task, request };
    return { task, schedule: { id: request.id, text: packSchedule({ ...options, cron }, request.envelope) } };
  }

  async #submit(order: Order): Promise<EnqueueResult> {
    if ('schedule' in order) return this.#schedule(order.task, order.schedule);
    const taken = await this.#batch.add(order.request);
    if (!taken) return this.#duplicate(order.task, order.request.id);
    this.#count(order.task, 1);
    return this.#queued(order.task, order.request.id);
  }

  async #submitMany(orders: readonly Order[]): Promise<EnqueueResult[]> {
    const requests = orders.flatMap((order) => ('request' in order ? [order.request] : []));
    const taken = (await this.#batch.addMany(requests)).values();
    const amounts = new Map<string, number>();
    const results = orders.map((order) => {
      if ('schedule' in order) return this.#schedule(order.task, order.schedule);
      const { id } = order.request;
      if (!taken.next().value) return this.#duplicate(order.task, id);
      amounts.set(order.task, (amounts.get(order.task) ?? 0) + 1);
      return this.#queued(order.task, id);
    });
    for (const [task, amount] of amounts) this.#count(task, amount);
    return results.some((result) => result instanceof Promise) ? Promise.all(results) : (results as EnqueueResult[]);
  }

  #count(task: string, amount: number): void {
    this.#metrics.increment('jobs_enqueued_total', { task }, amount);
  }

  #queued(taskName: string, jobId: string): EnqueueResult {
    return { jobId, taskName, status: 'queued', queueName: this.name, duplicate: false };
  }

  async #duplicate(taskName: string, jobId: string): Promise<EnqueueResult> {
    const status = (await this.get(jobId))?.status ?? 'queued';
    return { jobId, taskName, status, queueName: this.name, duplicate: true };
  }

  async #schedule(taskName: string, { id, text }: { id: string; text: string }): Promise<EnqueueResult> {
    const { jobId, existed } = await this.timetable.put(id, text);
    return { jobId, taskName, queueName: this.name, status: 'queued', duplicate: existed };
  }

  /** Whether a job of the same id exists shows only once the transaction is committed. */
  async #putAside(outbox: JobOutbox, orders: readonly Order[]): Promise<EnqueueResult[]> {
    const jobs = await Promise.all(orders.map((order) => this.#committed.pack(order)));
    await outbox.put(jobs);
    return orders.map(({ task }, i) => {
      this.#count(task, 1);
      return this.#queued(task, jobs[i]?.jobId ?? '');
    });
  }

  async #assertPublished(task: string): Promise<void> {
    if (await this.publishedTasks.has(task)) return;
    const known = new Set([...Object.keys(this.#registry?.tasks ?? {}), ...this.publishedTasks.names]);
    throw new UnknownTaskError(task, this.name, [...known].sort());
  }
}

type LocateReply =
  | []
  | ['ended', string]
  | ['live', envelope: string, place: string, due: string, changes: readonly string[]];
