import type { TelemetryRoom } from '../telemetry-room.js';
import { auditTelemetry } from './audit.js';
import { meteringTelemetry } from './metering.js';
import { requestMetricsTelemetry } from './request-metrics.js';
import { tracingTelemetry } from './tracing.js';

/** What is recorded, in this order. */
export const TELEMETRY_ROOMS: readonly TelemetryRoom[] = [
  auditTelemetry,
  requestMetricsTelemetry,
  meteringTelemetry,
  tracingTelemetry,
];
