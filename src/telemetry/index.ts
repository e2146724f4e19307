export {
  type DeadLetter,
  DeadLetters,
  type DrainLimits,
  type EventChannel,
  EventHub,
  type EventHubOptions,
  eventHubService,
  getEventHub,
  type KernelEvent,
  Publisher,
  type PublisherLimits,
} from './events/index.js';
export { logContext } from './log-context.js';
export { createLogger, getLogger, type LoggerOptions, type LogLevel, loggerService } from './logger.js';
export {
  createMetrics,
  getMetrics,
  type KernelMetrics,
  type MetricsOptions,
  type MetricsSnapshot,
  metricsService,
  renderSnapshots,
} from './metrics.js';
export { printableText } from './printable.js';
export { type ProfiledOptions, profiledFunction } from './profiled-function.js';
export { Profiler } from './profiler.js';
export { isSecretParameter, maskedValue, withoutSecretParts } from './secret-parameters.js';
export {
  getTracedServiceName,
  KernelTracer,
  parseTraceparent,
  type SpanEvent,
  spanTracer,
  type TraceEvent,
  tracerService,
} from './tracing/index.js';
