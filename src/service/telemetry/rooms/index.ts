import type { TelemetryRoom } from '../telemetry-room.js';
import { auditTelemetry } from './audit.js';

/** What is recorded, in this order. */
export const TELEMETRY_ROOMS: readonly TelemetryRoom[] = [auditTelemetry];
