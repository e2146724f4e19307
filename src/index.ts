export { type Actor, withActor, withoutTenant, withTenant } from './base/context.js';
export * from './base/errors.js';
export type { Logger, Metrics } from './base/ports.js';
export {
  type AuthConfig,
  type AuthService,
  AuthServiceAdapter,
  type AuthUser,
  createAccessToken,
  createAuthRouter,
  createRefreshToken,
  decodeToken,
  hashPassword,
  type NewUser,
  TokenPayload,
  type UserStore,
  verifyPassword,
} from './features/auth/index.js';
export { type EmailMessage, isEmailConfigured, sendEmail, sendEmailBatch } from './features/email/index.js';
export { createHealthRouter, type HealthCheck, type HealthCheckFn, Readiness } from './features/health/index.js';
export {
  AuthError,
  BadRequestError,
  createRouter,
  ForbiddenError,
  getCurrentUser,
  getCurrentUserOptional,
  getGeoFromHeaders,
  getRealIp,
  getRequestContext,
  type HttpContext,
  type HttpMiddleware,
  type Mountable,
  noRateLimit,
  optionalAuth,
  RateLimitedError,
  RequestContext,
  rateLimit,
  requireAdmin,
  requireAuth,
  UserIdentity,
} from './http/index.js';
export {
  type EnqueueOptions,
  type EnqueueResult,
  getJobClient,
  JobContext,
  type JobHandler,
  JobQueue,
  JobRegistry,
  JobWorker,
} from './jobs/index.js';
export { connect, Database, DatabaseHandle, dbContext, Entity, Field, Model } from './orm/index.js';
export { getRedis, getSyncRedis, isRedisFake } from './redis/index.js';
export {
  acquireLock,
  autoRenewLock,
  Cache,
  cached,
  getCache,
  InMemoryCache,
  NoOpCache,
  RateLimiter,
  RedisCache,
  releaseLock,
  renewLock,
  withLock,
} from './reliability/index.js';
export { ServiceConfig, type ServiceConfigFields } from './service/config.js';
export { createService, quickService } from './service/create-service.js';
export {
  checkCorsOrigins,
  checkDatabaseUrl,
  checkEmailConfig,
  checkJwtSecret,
  checkRedisUrl,
  type EnvCheck,
  getEnv,
  isDev,
  isProd,
  isStaging,
  isTest,
  isUat,
  loadEnvHierarchy,
  runEnvChecks,
} from './service/env/index.js';
export { getKernel, initAppKernel } from './service/init-kernel.js';
export type { KernelParts } from './service/kernel-parts.js';
export { KernelRuntime } from './service/kernel-runtime.js';
export type { ServiceOptions } from './service/options.js';
export { Service } from './service/service.js';
export {
  type AuthSettings,
  type CorsSettings,
  type FeatureSettings,
  type JobSettings,
  type KernelSettings,
  type KernelSettingsInput,
  kernelSettings,
  type ObservabilitySettings,
  type RedisSettings,
  type ReliabilitySettings,
  type SecuritySettings,
} from './service/settings.js';
export { version } from './service/version.js';
export { createLogger, getLogger, getMetrics, logContext, Profiler, profiledFunction } from './telemetry/index.js';
