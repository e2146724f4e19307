import {
  type Job,
  JobQueue,
  type JobQueueOptions,
  JobRegistry,
  JobWorker,
  type JobWorkerOptions,
} from '../../src/jobs/index.js';
import { type Backend, openBackend } from '../redis/backends.js';

/** Timings that make a worker's slow doings quick, so that tests wait for events and not for clocks. */
const QUICK = {
  leaseMs: 10_000,
  heartbeatMs: 100,
  reapMs: 50,
  pollMs: 50,
  abortGraceMs: 50,
  retryDelaysMs: [1],
  suspectDelayMs: 1,
  leaseThread: false,
};
/** The in-memory engine runs each script in this process: three workers as quick as that would leave nothing to the test. */
const GENTLE = { heartbeatMs: 200, reapMs: 150, pollMs: 150 };

type WorkerOptions = Partial<JobWorkerOptions<never>>;

/** A queue on one backend, and the workers made for it. */
export class QueueFixture {
  readonly registry = new JobRegistry();
  readonly queue: JobQueue;
  readonly #workers: JobWorker[] = [];
  readonly #clients: JobQueue[] = [];
  readonly #backend: Awaited<ReturnType<typeof openBackend>>;

  private constructor(backend: Awaited<ReturnType<typeof openBackend>>, options: Partial<JobQueueOptions>) {
    this.#backend = backend;
    this.queue = this.client({ registry: this.registry, ...options });
  }

  static async open(backend: Backend, options: Partial<JobQueueOptions> = {}): Promise<QueueFixture> {
    return new QueueFixture(await openBackend(backend), options);
  }

  get connection() {
    return this.#backend.connection;
  }

  /** Another client of the same queue. */
  client(options: Partial<JobQueueOptions> = {}): JobQueue {
    const { connection } = this.#backend;
    const queue = new JobQueue({
      redis: connection.jobs,
      prefix: connection.key('queue:'),
      openSubscriber: () => connection.open('events'),
      ...options,
    });
    this.#clients.push(queue);
    return queue;
  }

  async worker(options: WorkerOptions = {}): Promise<JobWorker> {
    const timings = this.connection.isFake ? { ...QUICK, ...GENTLE } : QUICK;
    const worker = new JobWorker({ queue: this.queue, registry: this.registry, ...timings, ...options });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  /** The job once it is in `status`. */
  job(jobId: string, status: Job['status']): Promise<Job> {
    return until(async () => {
      const job = await this.queue.get(jobId);
      return job?.status === status ? job : undefined;
    }, `job ${jobId} to be ${status}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop({ timeoutMs: 0 })));
    for (const client of this.#clients) client.close();
    await this.#backend.dispose();
  }
}

/** What `read` answers once it is not undefined. */
export async function until<T>(
  read: () => Promise<T | undefined> | T | undefined,
  what: string,
  limitMs = 10_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A promise and the function that fulfils it. */
export function gate<T = void>(): { opened: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
