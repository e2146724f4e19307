import { ConfigError, ServiceConfig } from 'app-kernel';
import { describe, expect, it } from 'vitest';

function refusalOf(variables: Record<string, string>): ConfigError {
  try {
    ServiceConfig.fromEnv(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('It was accepted');
}

describe('ServiceConfig.fromEnv', () => {
  it('reads the twelve variables of the specification', () => {
    const { fields } = ServiceConfig.fromEnv({
      JWT_SECRET: 'secret-of-32-characters-or-longer',
      DATABASE_URL: 'sqlite::memory:',
      REDIS_URL: 'redis://localhost:6379',
      CORS_ORIGINS: 'https://a.example, https://b.example',
      DEBUG: 'true',
      LOG_LEVEL: 'debug',
      RATE_LIMIT_RPM: '250',
      SMTP_HOST: 'mail.example.com',
      SMTP_PORT: '2525',
      SMTP_USER: 'user',
      SMTP_PASSWORD: 'p@ss',
      EMAIL_FROM: 'me@example.com',
    });

    expect(fields).toEqual({
      jwtSecret: 'secret-of-32-characters-or-longer',
      databaseUrl: 'sqlite::memory:',
      redisUrl: 'redis://localhost:6379',
      corsOrigins: ['https://a.example', 'https://b.example'],
      debug: true,
      logLevel: 'debug',
      rateLimitRequests: 250,
      smtpHost: 'mail.example.com',
      smtpPort: 2525,
      smtpUser: 'user',
      smtpPassword: 'p@ss',
      emailFrom: 'me@example.com',
      emailEnabled: true,
    });
  });

  it('names every malformed variable', () => {
    const { faults } = refusalOf({
      SMTP_PORT: 'twenty-five',
      RATE_LIMIT_RPM: '-3',
      DEBUG: 'perhaps',
      WORKER_COUNT: '1.5',
      JWT_EXPIRY_HOURS: '0',
      LOG_LEVEL: 'loud',
    });

    expect(faults.map(({ field }) => field).sort()).toEqual(
      ['DEBUG', 'JWT_EXPIRY_HOURS', 'LOG_LEVEL', 'RATE_LIMIT_RPM', 'SMTP_PORT', 'WORKER_COUNT'].sort(),
    );
    for (const { fault, mend } of faults) expect(`${fault}${mend}`).not.toBe('');
  });

  it.each(['mail example', 'smtp://mail.example', 'mail.example:25', 'ada:pw@mail.example', '[::::]', '::1', 'a/b'])(
    'refuses the mail server %j, of which no address can be made',
    (SMTP_HOST) => {
      const { faults } = refusalOf({ SMTP_HOST });
      expect(faults).toMatchObject([{ field: 'SMTP_HOST', fault: expect.stringContaining('write mail.example.com') }]);
    },
  );

  it.each(['localhost', 'mail.example.com', '10.0.0.5', '[::1]', 'mail_relay'])('takes the mail server %s', (host) => {
    expect(ServiceConfig.fromEnv({ SMTP_HOST: host }).smtpHost).toBe(host);
  });

  it('does not repeat the value of a malformed variable, which may be a secret', () => {
    expect(refusalOf({ SMTP_PORT: 'pasted-password' }).message).not.toContain('pasted-password');
  });

  it('ignores variables that it does not know', () => {
    expect(ServiceConfig.fromEnv({ HOME: '/root', JWT_SECRETS: 'x', PATH: '/bin' }).fields).toEqual({});
  });

  it('treats an empty variable as one that is not set', () => {
    expect(ServiceConfig.fromEnv({ DATABASE_URL: '', REDIS_URL: '', SMTP_PORT: '', WORKER_COUNT: '' }).fields).toEqual(
      {},
    );
  });
});

describe('new ServiceConfig', () => {
  it('names a field that does not exist', () => {
    const misspelt = { jwtSecrt: 'x' } as Record<string, string>;
    expect(() => new ServiceConfig(misspelt)).toThrow(/jwtSecrt/);
  });

  it('is frozen', () => {
    const { fields } = new ServiceConfig({ debug: true });
    expect(Object.isFrozen(fields)).toBe(true);
  });
});

describe('a ServiceConfig', () => {
  it('shows its fields by their names, and only those that were given', () => {
    const config = ServiceConfig.fromEnv({
      JWT_EXPIRY_HOURS: '2',
      CORS_ORIGINS: 'https://a.example, https://b.example',
    });
    expect(config.jwtExpiryHours).toBe(2);
    expect(config.corsOrigins).toEqual(['https://a.example', 'https://b.example']);
    expect(config.redisUrl).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });
});
