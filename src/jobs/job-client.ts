import { KernelError } from '../base/errors.js';
import { ambientService, serviceKey } from '../base/services.js';
import type { JobQueue } from './queue/job-queue.js';

/** Where a kernel keeps its job queue. */
export const jobQueueService = serviceKey<JobQueue>('jobs');

/**
 * The job queue of the ambient kernel.
 * @throws KernelError `E_NOT_STARTED` before a kernel with tasks has started.
 */
export function getJobClient(): JobQueue {
  const queue = ambientService(jobQueueService);
  if (queue) return queue;
  throw new KernelError('E_NOT_STARTED', 'No job queue is running; start a service that has tasks first');
}
