import Koa from 'koa';
import { ConfigError, type ConfigFault } from '../base/errors.js';
import type { Logger } from '../base/ports.js';
import { JobRegistry } from '../jobs/index.js';
import {
  type EnvCheckSettings,
  type EnvironmentName,
  entryDirectory,
  environmentVariables,
  findEnvFaults,
  getEnv,
  loadEnvHierarchy,
  writtenEnvironment,
} from './env/index.js';
import { initAppKernel } from './init-kernel.js';
import type { KernelParts } from './kernel-parts.js';
import { Service } from './service.js';
import { findOptionFaults } from './settings/check-options.js';
import { ServiceConfig } from './settings/config.js';
import type { ServiceOptions } from './settings/options.js';
import { resolveSettings } from './settings/resolve-options.js';
import type { KernelSettings } from './settings/settings.js';

/**
 * One call makes a production-ready service. Nothing is connected yet: `listen` and `ready` do that.
 * @throws ConfigError that lists every fault at once, each with its field and its mend.
 */
export function createService(options: ServiceOptions): Service {
  loadEnvHierarchy(options?.rootDir === undefined ? {} : { rootDir: options.rootDir });
  return assembleService(options, getEnv(environmentVariables()));
}

/** `createService` with nothing to configure; runs as `dev` where no environment is named. */
export function quickService(name: string, options: Omit<ServiceOptions, 'name'> = {}): Service {
  loadEnvHierarchy(options.rootDir === undefined ? {} : { rootDir: options.rootDir });
  const variables = environmentVariables();
  const environment = writtenEnvironment(variables) === undefined ? 'dev' : getEnv(variables);
  return assembleService({ config: new ServiceConfig(), ...options, name }, environment);
}

/** `createService` in a given environment, with parts that are no option. */
export function assembleService(
  options: ServiceOptions,
  environment: EnvironmentName,
  parts: KernelParts = {},
): Service {
  const settings = checkedSettings(options, environment);
  const app = new Koa();
  app.silent = true; // the kernel logs what fails
  const kernel = initAppKernel(app, settings, {
    ...options,
    rootDir: options.rootDir ?? entryDirectory(),
    ...parts,
    environment,
    jobRegistry: JobRegistry.from(options.tasks ?? {}),
  });
  app.on('error', logBrokenAnswers(kernel.logger));
  warnOfFailedChecks(options, environment, kernel.logger);
  return new Service(app, kernel, { shutdownTimeoutMs: options.shutdownTimeoutMs });
}

/** Streams fail after the pipeline has answered. Koa reports each failure twice; that a client left is no failure. */
function logBrokenAnswers(logger: Logger): (error: NodeJS.ErrnoException) => void {
  const known = new WeakSet<Error>();
  return (error) => {
    if (known.has(error) || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET') return;
    known.add(error);
    logger.error({ err: error }, 'An answer broke off');
  };
}

function checkedSettings(options: ServiceOptions, environment: EnvironmentName): KernelSettings {
  const faults = findOptionFaults(options);
  const faulty = new Set(faults.map(({ field }) => field));
  if (!faulty.has('options') && !faulty.has('config')) {
    const prod = environment === 'prod';
    if (prod) faults.push(...findEnvFaults(checkable(options), options.envChecks, environment));
    const resolved = attempt(() => resolveSettings(withoutFaulty(options, faulty), environment));
    if (faults.length === 0 && 'settings' in resolved) return resolved.settings;
    if ('faults' in resolved) faults.push(...resolved.faults.filter(({ field }) => !faulty.has(field)));
  }
  throw new ConfigError(
    `${String(options?.name ?? 'The service')} cannot start in ${environment.toUpperCase()}:`,
    faults,
  );
}

/** The options that can be read without stumbling over a value of the wrong kind. */
function withoutFaulty(options: ServiceOptions, faulty: ReadonlySet<string>): ServiceOptions {
  const faultyOptions = new Set([...faulty].map((field) => field.split('.')[0]));
  const sound = Object.entries(options).filter(([name]) => !faultyOptions.has(name));
  return { name: 'unnamed', ...Object.fromEntries(sound) };
}

function attempt(resolve: () => KernelSettings): { settings: KernelSettings } | { faults: readonly ConfigFault[] } {
  try {
    return { settings: resolve() };
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.faults };
    throw error;
  }
}

/** What the checks look at: the options as they were given, over the configuration. */
function checkable(options: ServiceOptions): EnvCheckSettings {
  const config = options.config?.fields ?? {};
  const smtpUrl = options.smtpUrl ?? config.smtpHost;
  return {
    ...options,
    databaseUrl: options.databaseUrl ?? config.databaseUrl,
    redisUrl: options.redisUrl ?? config.redisUrl,
    jwtSecret: options.jwtSecret ?? config.jwtSecret,
    corsOrigins: options.corsOrigins ?? config.corsOrigins,
    smtpUrl: config.emailEnabled === false ? options.smtpUrl : smtpUrl,
    emailFrom: options.emailFrom ?? config.emailFrom,
    debug: options.debug ?? config.debug,
  };
}

function warnOfFailedChecks(
  options: ServiceOptions,
  environment: EnvironmentName,
  logger: { warn(text: string): void },
): void {
  if (environment === 'prod') return;
  for (const { field, fault } of findEnvFaults(checkable(options), options.envChecks, environment)) {
    logger.warn(`Environment check ${field} failed (${environment}): ${fault}`);
  }
}
