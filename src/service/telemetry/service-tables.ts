import { ActionReplay } from '../../features/action-replay/index.js';
import { KernelAuthSession, KernelAuthToken } from '../../features/auth/index.js';
import type { RetentionRule } from './telemetry-room.js';

/** Tables in the database of a service that grow with traffic; every service trims its own. */
export const SERVICE_RETENTION: readonly RetentionRule[] = [
  { entity: ActionReplay, field: 'timestamp', setting: 'actionReplays' },
  { entity: KernelAuthSession, field: 'expiresAt', setting: 'sessions' },
  { entity: KernelAuthToken, field: 'expiresAt', setting: 'sessions' },
];
