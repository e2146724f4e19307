import { KernelError } from '../base/errors.js';

/** A task that no worker of this queue offers. */
export class UnknownTaskError extends KernelError {
  constructor(task: string, queueName: string, known: readonly string[]) {
    const offer = known.length > 0 ? `registered are ${known.join(', ')}` : 'no worker has registered any yet';
    super('E_UNKNOWN_TASK', `Task "${task}" is not registered on queue "${queueName}"; ${offer}`, {
      details: { task, known },
    });
  }
}

/** The job was cancelled; the reason a handler's signal aborts with. */
export class JobCancelledError extends KernelError {
  constructor(jobId: string) {
    super('E_JOB_CANCELLED', `Job ${jobId} was cancelled`);
  }
}

/** The job ran longer than its `timeoutMs`. */
export class JobTimeoutError extends KernelError {
  constructor(jobId: string, timeoutMs: number) {
    super('E_JOB_TIMEOUT', `Job ${jobId} ran longer than its ${timeoutMs} ms`, { details: { timeoutMs } });
  }
}

/** This worker was taken for dead and the job given to another: its result no longer counts. */
export class LeaseLostError extends KernelError {
  constructor(jobId: string) {
    super('E_LEASE_LOST', `Job ${jobId} was given to another worker, because this one did not answer in time`);
  }
}

/** The worker is stopping and the job goes back to the queue. */
export class WorkerStoppingError extends KernelError {
  constructor(jobId: string) {
    super('E_WORKER_STOPPING', `The worker stops; job ${jobId} goes back to the queue`);
  }
}

/** How a fault is kept with a job: its name and message, never its stack. Anything can be thrown, so this never throws. */
export function describeFault(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.slice(0, 2000);
  } catch {
    return 'A fault that has no text';
  }
}
