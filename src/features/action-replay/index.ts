export { getReplay, listReplays, resolveReplay, saveReplay } from './action-replays.js';
export { ActionReplay, type ReplayStep } from './entities.js';
export {
  type NewReplay,
  type ReplayFilter,
  type ReplayGroup,
  type ReplayPage,
  ReplayStore,
  type ReplaySummary,
} from './replay-store.js';
export { type ActionReplayRouterOptions, createActionReplayRouter } from './routes.js';
export { createActionLogScriptRouter } from './script-route.js';
