import { createFlagsRouter, FlagStore, flagService } from '../../features/flags/index.js';
import { membershipOf } from './membership.js';
import type { Room, RoomOptions } from './room.js';

export function openFlags({ settings, services, engines, identity, parts }: RoomOptions): Room | undefined {
  const { enableFlagRoutes, flagsPrefix } = settings.features;
  if (!engines.database || !enableFlagRoutes) return undefined;
  const flags = new FlagStore({ db: engines.database, ...(parts.clock && { clock: parts.clock }) });
  services.provide(flagService, flags);
  const isMember = membershipOf(identity);
  return {
    mount: (routes, prefix) => routes.mount([createFlagsRouter({ flags, isMember, prefix: flagsPrefix })], prefix),
  };
}
