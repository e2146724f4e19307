export { FeatureFlag, type FlagVariant } from './entities.js';
export type { FlagContext, FlagEvaluation, FlagReason } from './evaluate.js';
export { type FlagSettings, FlagStore } from './flag-store.js';
export { deleteFlag, evaluateFlag, flagEnabled, flagService, listFlags, setFlag } from './flags.js';
export { flagProvider } from './open-feature.js';
export { createFlagsRouter } from './routes.js';
