export {
  checkCorsOrigins,
  checkDatabaseUrl,
  checkEmailConfig,
  checkJwtSecret,
  checkRedisUrl,
} from './built-in-checks.js';
export type { EnvCheck, EnvCheckSettings } from './env-check.js';
export {
  type EnvironmentName,
  environmentService,
  getEnv,
  isDev,
  isProd,
  isStaging,
  isTest,
  isUat,
  writtenEnvironment,
} from './environment.js';
export { type EnvironmentVariables, environmentVariables } from './environment-variables.js';
export { entryDirectory, type LoadEnvOptions, loadEnvHierarchy } from './load-env-hierarchy.js';
export { findEnvFaults, type RunEnvChecksOptions, runEnvChecks } from './run-env-checks.js';
export { type WorkerPlace, workerPlace, workerVariables } from './worker-place.js';
