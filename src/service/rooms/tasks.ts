import { TextSealer } from '../../base/sealed-text.js';
import { createTasksRouter, TaskRegistry, TaskStore, taskRegistryService } from '../../features/tasks/index.js';
import type { Room, RoomOptions } from './room.js';

export function openTasks({ settings, services, lifecycle, logger, engines, kernel }: RoomOptions): Room {
  const { redis, queue } = engines;
  const sealer = new TextSealer(settings.auth.tokenSecret, 'task tokens');
  const registry = new TaskRegistry({
    store: new TaskStore(redis.client, redis.key('tasks:'), sealer),
    logger,
    enqueue: (taskName, data, jobId) => queue.enqueue(taskName, data, { jobId }),
  });
  services.provide(taskRegistryService, registry);
  lifecycle.push('tasks', () => registry.stop({ timeoutMs: kernel.shutdownTimeLeftMs }));
  registry.start();
  return { mount: (routes, prefix) => routes.mount([createTasksRouter(registry)], prefix) };
}
