import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.js';
import {
  checkCorsOrigins,
  checkDatabaseUrl,
  checkEmailConfig,
  checkJwtSecret,
  checkRedisUrl,
  type EnvCheck,
  type EnvCheckSettings,
  findEnvFaults,
  runEnvChecks,
} from '../../../src/service/env/index.js';
import { readableLogger } from '../../telemetry/lines.js';

const good = {
  databaseUrl: 'postgresql://app:pw@db/app',
  redisUrl: 'redis://redis:6379',
  jwtSecret: 'a secret of more than 32 characters',
  corsOrigins: ['https://myapp.com'],
  smtpUrl: 'smtp://mail',
  emailFrom: 'a@myapp.com',
};

describe('the built-in checks', () => {
  it.each<[EnvCheck, EnvCheckSettings, string]>([
    [checkDatabaseUrl, {}, 'database_url not set'],
    [checkDatabaseUrl, { databaseUrl: 'sqlite:./x.db' }, 'SQLite not recommended in prod (use PostgreSQL or MySQL)'],
    [checkRedisUrl, { redisUrl: null }, 'redis_url not set'],
    [checkRedisUrl, { redisUrl: 'fakeredis://' }, 'fakeredis not allowed in prod'],
    [checkJwtSecret, { jwtSecret: '' }, 'jwt_secret not set'],
    [checkJwtSecret, { jwtSecret: 'dev-secret-change-me' }, 'jwt_secret is too weak'],
    [checkJwtSecret, { jwtSecret: 'Password' }, 'jwt_secret is too weak'],
    [checkJwtSecret, { jwtSecret: 'x'.repeat(31) }, 'jwt_secret too short (31 chars, need 32+)'],
    [checkCorsOrigins, { corsOrigins: [] }, 'cors_origins not set'],
    [checkCorsOrigins, { corsOrigins: ['https://a.com', '*'] }, 'cors_origins cannot be wildcard in prod'],
    [checkEmailConfig, { smtpUrl: 'smtp://mail' }, 'email_from required when smtp_url is set'],
    [checkEmailConfig, { emailFrom: 'a@b.com' }, 'smtp_url required when email_from is set'],
  ])('%o answers for %j', (check, settings, message) => {
    expect(check(settings)).toEqual([false, message]);
  });

  it('pass what is right', () => {
    for (const check of [checkDatabaseUrl, checkRedisUrl, checkJwtSecret, checkCorsOrigins, checkEmailConfig]) {
      expect(check(good)).toEqual([true, '']);
    }
    expect(checkEmailConfig({})).toEqual([true, '']);
  });
});

describe('runEnvChecks', () => {
  it('names every fault at once in production, with its mend', () => {
    const thrown = (() => {
      try {
        runEnvChecks({ smtpUrl: 'smtp://mail' }, [], { environment: 'prod' });
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(ConfigError);
    const { message, faults } = thrown as ConfigError;
    expect(faults.map(({ field }) => field)).toEqual([
      'databaseUrl',
      'redisUrl',
      'jwtSecret',
      'corsOrigins',
      'emailFrom',
    ]);
    expect(message).toContain('Environment validation failed in PROD:');
    expect(message).toContain('database_url not set');
    expect(faults.every(({ mend }) => mend.length > 10)).toBe(true);
  });

  it('lets a good configuration pass', () => {
    expect(() => runEnvChecks(good, [], { environment: 'prod' })).not.toThrow();
  });

  it('runs extra checks everywhere: they stop production and warn elsewhere', () => {
    const checkStripeKey: EnvCheck = ({ stripeSecretKey }) => [Boolean(stripeSecretKey), 'Stripe key required'];
    expect(() => runEnvChecks(good, [checkStripeKey], { environment: 'prod' })).toThrow(
      /stripeKey: Stripe key required/,
    );
    expect(() =>
      runEnvChecks({ ...good, stripeSecretKey: 'sk' }, [checkStripeKey], { environment: 'prod' }),
    ).not.toThrow();
    const { logger, lines } = readableLogger();
    runEnvChecks({}, [checkStripeKey], { environment: 'dev', logger });
    expect(lines()).toMatchObject([
      { level: 'warn', msg: 'Environment validation warnings (dev):\n  - stripeKey: Stripe key required' },
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
      /Check raised exception: oops/,
    ],
    ['answers a promise', async () => [true, ''], /did not answer \[passed, message\]/],
    ['answers a promise inside the pair', () => [Promise.resolve(false), ''], /did not answer \[passed, message\]/],
    ['answers nothing', () => undefined, /did not answer \[passed, message\]/],
    ['answers true alone', () => true, /did not answer \[passed, message\]/],
    ['fails without a message', () => [false, ''], /envChecks\[0\]: failed/],
  ])('counts a check that %s as failed', (_kind, check, expected) => {
    expect(() => runEnvChecks(good, [check as EnvCheck], { environment: 'prod' })).toThrow(expected);
  });

  it('runs no built-in check outside production', () => {
    for (const environment of ['dev', 'test', 'uat', 'staging', 'local', 'development'] as const) {
      expect(findEnvFaults({}, [], environment)).toEqual([]);
    }
  });
});
