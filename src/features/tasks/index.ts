export { createTasksRouter } from './routes.js';
export { TaskCancelled } from './task-cancelled.js';
export { sseComplete, sseLog, sseTaskId, sseUrls } from './task-events.js';
export { TaskRegistry, taskRegistryService } from './task-registry.js';
export { TaskStore } from './task-store.js';
export { type Cancellable, TaskStream, type TaskStreamOptions } from './task-stream.js';
export type { CancelHandle, KeptCancelHandle } from './undo-list.js';
