import {
  createActionLogScriptRouter,
  createActionReplayRouter,
  ReplayStore,
} from '../../features/action-replay/index.js';
import { membershipOf } from './membership.js';
import type { Room, RoomOptions } from './room.js';

const PREFIX = '/admin';

export function openActionReplay({ settings, engines, identity }: RoomOptions): Room | undefined {
  const { database, limiter } = engines;
  if (!database || !settings.features.enableReplayRoutes) return undefined;
  const replays = new ReplayStore({ db: database });
  const isMember = membershipOf(identity);
  return {
    mount: (routes, prefix) => {
      routes.mount([createActionReplayRouter({ replays, database, limiter, isMember, prefix: PREFIX })], prefix);
      routes.mount([createActionLogScriptRouter({ savePath: `${prefix}${PREFIX}/action-replay` })]);
    },
  };
}
