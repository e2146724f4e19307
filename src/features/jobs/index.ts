export { KernelJobOutbox } from './entities.js';
export { Outbox } from './outbox.js';
export { createJobsRouter, type JobsRouterOptions } from './routes.js';
