import { createSelfTestRouter } from '../../features/self-test/index.js';
import type { Room, RoomOptions } from './room.js';

/** In production it takes `enableTestRoutes` as well. The routes are not below the prefix of the API. */
export function openSelfTests({ settings, environment, parts }: RoomOptions): Room | undefined {
  const { enableTestRoutes, kernelPrefix: apiPrefix } = settings.features;
  const { testRunners: runners = [] } = parts;
  if (runners.length === 0 || (environment === 'prod' && !enableTestRoutes)) return undefined;
  return { mount: (routes) => routes.mount([createSelfTestRouter({ runners, apiPrefix })]) };
}
