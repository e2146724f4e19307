export { logContext } from './log-context.js';
export { createLogger, getLogger, type LoggerOptions, type LogLevel, loggerService } from './logger.js';
export { createMetrics, getMetrics, type KernelMetrics, type MetricsOptions, metricsService } from './metrics.js';
export { type ProfiledOptions, profiledFunction } from './profiled-function.js';
export { Profiler } from './profiler.js';
