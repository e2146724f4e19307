export type { EnqueueOptions } from './enqueue-options.js';
export type { JobPriority } from './entry.js';
export type { Job, JobStatus } from './job.js';
export { getJobClient, jobQueueService } from './job-client.js';
export { JobContext, type JobContextFields } from './job-context.js';
export {
  JobCancelledError,
  JobTimeoutError,
  LeaseLostError,
  UnknownTaskError,
  WorkerStoppingError,
} from './job-errors.js';
export type { ListOptions } from './job-lists.js';
export {
  type CancelResult,
  type EnqueueResult,
  JobQueue,
  type JobQueueOptions,
  type NewJob,
  type PurgeKind,
} from './job-queue.js';
export { type JobHandler, JobRegistry, type TaskOptions } from './job-registry.js';
export { JobWorker, type StopOptions } from './job-worker.js';
export type { QueueEvent, QueueEventName } from './queue-events.js';
export type { QueueSettings } from './queue-settings.js';
export type { QueueStats } from './queue-stats.js';
export type { JobWorkerOptions, WithDb, WorkerTimings } from './worker-options.js';
