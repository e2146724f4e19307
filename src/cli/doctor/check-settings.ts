import type { ConfigError } from '../../base/errors.js';
import { checkJwtSecret, type EnvironmentName } from '../../service/env/index.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { type Finding, fault, ok, warning } from './finding.js';

/** Each fault that keeps the service from being made. */
export function findingsOf(error: ConfigError): Finding[] {
  return error.faults.map((found) => fault(found.field, found.fault, found.mend));
}

/** What a service that can be made should have all the same. */
export function checkSettings(settings: KernelSettings, environment: EnvironmentName): Finding[] {
  const isProd = environment === 'prod';
  return [
    ok('settings', `${settings.observability.serviceName} can be made in ${environment}`),
    secretFinding(settings, isProd),
    ...(isProd
      ? []
      : [ok('environment', `${environment}: the checks of production do not run; APP_ENV=prod runs them`)]),
    ...(isProd && settings.redis.allowFallback
      ? [
          warning(
            'redis.allowFallback',
            'without Redis the service goes on alone in production: limits and sessions are each instance’s own',
            'Leave allowRedisFallback out, unless one instance alone is meant',
          ),
        ]
      : []),
  ];
}

function secretFinding({ auth }: KernelSettings, isProd: boolean): Finding {
  if (!auth.enabled) return ok('jwtSecret', 'not needed: authentication is switched off');
  const [passed, message] = checkJwtSecret({ jwtSecret: auth.tokenSecret });
  if (passed) return ok('jwtSecret', `${auth.tokenSecret.length} characters`);
  const mend = 'Set JWT_SECRET to 32 or more random characters: openssl rand -base64 48';
  return isProd ? fault('jwtSecret', message, mend) : warning('jwtSecret', message, mend);
}
