import { ConfigError, type ConfigFault } from '../../base/errors.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import {
  checkCorsOrigins,
  checkDatabaseUrl,
  checkEmailConfig,
  checkJwtSecret,
  checkRedisUrl,
} from './built-in-checks.js';
import type { EnvCheck, EnvCheckSettings } from './env-check.js';
import { type EnvironmentName, getEnv } from './environment.js';

/** The checks of production: the option each looks at, and how a fault is mended. */
const BUILT_IN: ReadonlyArray<{ field: string; check: EnvCheck; mend: string }> = [
  {
    field: 'databaseUrl',
    check: checkDatabaseUrl,
    mend: 'Set databaseUrl (DATABASE_URL) to postgresql://user:password@host:5432/name or mysql://…',
  },
  { field: 'redisUrl', check: checkRedisUrl, mend: 'Set redisUrl (REDIS_URL) to redis://host:6379' },
  {
    field: 'jwtSecret',
    check: checkJwtSecret,
    mend: 'Set jwtSecret (JWT_SECRET) to 32 or more random characters: openssl rand -base64 48',
  },
  {
    field: 'corsOrigins',
    check: checkCorsOrigins,
    mend: "Set corsOrigins (CORS_ORIGINS) to the origins of your pages, such as ['https://myapp.com']",
  },
  { field: 'emailFrom', check: checkEmailConfig, mend: 'Set both smtpUrl and emailFrom, or neither' },
];

export interface RunEnvChecksOptions {
  /** Default `getEnv()`. */
  environment?: EnvironmentName;
  /** Takes the warnings of environments other than production. */
  logger?: Logger;
}

/**
 * Runs the five built-in checks (in production) and `extraChecks` (everywhere). In production a failure is thrown;
 * elsewhere it is a warning.
 * @throws ConfigError that lists every fault, not only the first.
 */
export function runEnvChecks(
  settings: EnvCheckSettings,
  extraChecks: readonly EnvCheck[] = [],
  options: RunEnvChecksOptions = {},
): void {
  const environment = options.environment ?? getEnv();
  const faults = findEnvFaults(settings, extraChecks, environment);
  if (faults.length === 0) return;
  if (environment === 'prod') throw new ConfigError('Environment validation failed in PROD:', faults);
  const lines = faults.map(({ field, fault }) => `  - ${field}: ${fault}`);
  (options.logger ?? silentLogger).warn(`Environment validation warnings (${environment}):\n${lines.join('\n')}`);
}

/** Every fault that the checks of `environment` find; empty when all is well. */
export function findEnvFaults(
  settings: EnvCheckSettings,
  extraChecks: readonly EnvCheck[] = [],
  environment: EnvironmentName = getEnv(),
): ConfigFault[] {
  const builtIn = environment === 'prod' ? BUILT_IN : [];
  const extra = extraChecks.map((check, index) => ({
    field: checkName(check, index),
    check,
    mend: 'See this entry of envChecks',
  }));
  return [...builtIn, ...extra].flatMap(({ field, check, mend }) => {
    const fault = faultOf(check, settings);
    return fault === undefined ? [] : [{ field, fault, mend }];
  });
}

function faultOf(check: EnvCheck, settings: EnvCheckSettings): string | undefined {
  try {
    const outcome: unknown = check(settings);
    if (!Array.isArray(outcome) || typeof outcome[0] !== 'boolean') {
      // A promise would count as passed if it were looked at for truth, so anything but the pair is a fault.
      return 'the check did not answer [passed, message]; checks are synchronous, use onStartup for what must wait';
    }
    return outcome[0] ? undefined : String(outcome[1] || 'failed');
  } catch (error) {
    return `Check raised exception: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `checkStripeKey` → `stripeKey`. */
function checkName(check: EnvCheck, index: number): string {
  const name = check.name.replace(/^check_?/, '');
  return name === '' ? `envChecks[${index}]` : name.charAt(0).toLowerCase() + name.slice(1);
}
