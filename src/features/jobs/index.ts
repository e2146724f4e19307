export { KernelJobOutbox } from './entities.js';
export { Outbox } from './outbox.js';
