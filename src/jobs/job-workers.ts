import { KernelError } from '../base/errors.js';
import { ambientService, serviceKey } from '../base/services.js';
import type { JobWorker, StopOptions } from './worker/job-worker.js';

/** Where a kernel keeps its job workers. */
export const jobWorkersService = serviceKey<JobWorkers>('job workers');

export interface StartWorkersOptions {
  /** Jobs in flight at once. Default 4. */
  concurrency?: number | undefined;
}

/** The workers that one kernel runs in this process. */
export class JobWorkers {
  readonly #create: (options: StartWorkersOptions) => JobWorker;
  readonly #running = new Set<JobWorker>();

  /** @param create makes a worker; it is started here. */
  constructor(create: (options: StartWorkersOptions) => JobWorker) {
    this.#create = create;
  }

  /** How many jobs run here. */
  get runningJobs(): number {
    return [...this.#running].reduce((sum, { running }) => sum + running, 0);
  }

  /** Adds a worker; resolves once it takes jobs. */
  async start(options: StartWorkersOptions = {}): Promise<void> {
    const worker = this.#create(options);
    this.#running.add(worker);
    try {
      await worker.start();
    } catch (error) {
      this.#running.delete(worker);
      throw error;
    }
  }

  /** All of them take no more jobs, let running ones finish, and give back those that do not in time. Idempotent. */
  async stop(options: StopOptions = {}): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.stop(options)));
    this.#running.clear();
  }
}

/**
 * Takes jobs in the ambient kernel, also where its `workerCount` is 0: for processes that decide when.
 * @throws KernelError `E_NOT_STARTED` before a kernel has started.
 */
export async function startWorkers(options?: StartWorkersOptions): Promise<void> {
  await ambientWorkers().start(options);
}

/** Ends what `startWorkers` and the kernel itself started; jobs in flight may finish. They can be started again. */
export async function stopWorkers(options?: StopOptions): Promise<void> {
  await ambientWorkers().stop(options);
}

function ambientWorkers(): JobWorkers {
  const workers = ambientService(jobWorkersService);
  if (workers) return workers;
  throw new KernelError('E_NOT_STARTED', 'No kernel is running; start a service first');
}
