import { createJobsRouter } from '../../features/jobs/index.js';
import type { Room, RoomOptions } from './room.js';

export function openJobs({ settings, parts, engines: { queue } }: RoomOptions): Room | undefined {
  const { enableJobRoutes, jobRoutesPrefix } = settings.features;
  if (!enableJobRoutes || Object.keys(parts.jobRegistry.tasks).length === 0) return undefined;
  return {
    mount: (routes, prefix) => routes.mount([createJobsRouter({ queue, prefix: jobRoutesPrefix })], prefix),
  };
}
