import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import { type EnvironmentVariables, environmentVariables } from './environment-variables.js';

const DEVELOPMENT = ['dev', 'development', 'local'] as const;
const RELAXED = [...DEVELOPMENT, 'uat', 'staging', 'test'] as const;

/** `prod`, or one of the names under which production's checks do not run. */
export type EnvironmentName = 'prod' | (typeof RELAXED)[number];

/** The environment a kernel was started as, where that is not what the variables say (`quickService`). */
export const environmentService: ServiceKey<EnvironmentName> = serviceKey('environment');

/**
 * `APP_ENV`, else `ENV`, else `prod`. Any name that is not known to be relaxed is production, so `ENV=production`
 * and a misspelt `ENV=stagin` both run every check.
 */
export function getEnv(variables?: EnvironmentVariables): EnvironmentName {
  const started = variables === undefined ? ambientService(environmentService) : undefined;
  if (started !== undefined) return started;
  const named = writtenEnvironment(variables ?? environmentVariables())?.toLowerCase();
  return RELAXED.find((name) => name === named) ?? 'prod';
}

/** The name as `APP_ENV` or `ENV` has it; undefined where neither is set. */
export function writtenEnvironment(variables: EnvironmentVariables): string | undefined {
  return variables.APP_ENV?.trim() || variables.ENV?.trim() || undefined;
}

export function isProd(variables?: EnvironmentVariables): boolean {
  return getEnv(variables) === 'prod';
}

/** True for `dev`, `development` and `local`. */
export function isDev(variables?: EnvironmentVariables): boolean {
  const current = getEnv(variables);
  return DEVELOPMENT.some((name) => name === current);
}

export function isStaging(variables?: EnvironmentVariables): boolean {
  return getEnv(variables) === 'staging';
}

export function isUat(variables?: EnvironmentVariables): boolean {
  return getEnv(variables) === 'uat';
}

export function isTest(variables?: EnvironmentVariables): boolean {
  return getEnv(variables) === 'test';
}
