/// <reference types="node" preserve="true" />

export type { JobPriority } from './format/entry.js';
export type { Job, JobStatus } from './format/job.js';
export { getJobClient, jobQueueService } from './job-client.js';
export {
  JobCancelledError,
  JobTimeoutError,
  LeaseLostError,
  UnknownTaskError,
  WorkerStoppingError,
} from './job-errors.js';
export type { JobOutbox, OutboxJob } from './job-outbox.js';
export { type JobHandler, JobRegistry, type TaskHandler, type TaskOptions } from './job-registry.js';
export { JobWorkers, jobWorkersService, startWorkers, stopWorkers } from './job-workers.js';
export type { EnqueueOptions } from './queue/enqueue/enqueue-options.js';
export type { ListOptions } from './queue/job-lists.js';
export {
  type CancelResult,
  type EnqueueResult,
  JobQueue,
  type JobQueueOptions,
  type NewJob,
  type PurgeKind,
} from './queue/job-queue.js';
export type { QueueEvent, QueueEventName } from './queue/queue-events.js';
export type { QueueSettings } from './queue/queue-settings.js';
export type { QueueStats } from './queue/queue-stats.js';
export type { MissedTicks, Schedule } from './schedule/schedule.js';
export { JobContext, type JobContextFields } from './worker/job-context.js';
export { JobWorker, type StopOptions } from './worker/job-worker.js';
export type { JobWorkerOptions, WithDb, WorkerTimings } from './worker/worker-options.js';
