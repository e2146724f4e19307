import { join } from 'node:path';
import { ConfigError, createService, type ServiceOptions } from 'app-kernel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ROOT, startNode } from './setup/child.js';
import { freshFolder, releaseServices } from './setup/fresh-service.js';

const FIXTURE = join(ROOT, 'test/service/fixtures/bare-service.mjs');
const FIELDS = ['databaseUrl', 'redisUrl', 'jwtSecret', 'corsOrigins'];
/** What production accepts; nothing is connected by `createService` itself. */
const SOUND: ServiceOptions = {
  name: 'sound',
  databaseUrl: 'postgresql://user:pass@127.0.0.1:1/db',
  redisUrl: 'redis://127.0.0.1:1',
  jwtSecret: 'k9!vQ2#xL7@pR4$wN8^tB1&mZ6*cH3(f',
  corsOrigins: ['https://myapp.com'],
};

afterEach(async () => {
  vi.unstubAllEnvs();
  await releaseServices();
});

/** The faults of `createService` in production. */
function faultsOf(options: Partial<ServiceOptions>): Array<{ field: string; fault: string; mend: string }> {
  vi.stubEnv('APP_ENV', 'prod');
  try {
    createService({ name: 'refused', rootDir: freshFolder(), ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return [...(error as ConfigError).faults];
  }
  return [];
}

describe('a process without settings in production', () => {
  const ENVIRONMENTS: Array<Record<string, string>> = [
    { ENV: 'prod' },
    { ENV: 'production' },
    { APP_ENV: 'stagin' },
    {},
  ];
  for (const environment of ENVIRONMENTS) {
    it(`ends with a failure that prints every fault and its mend (${JSON.stringify(environment)})`, async () => {
      const child = startNode(FIXTURE, [], { env: { ROOT_DIR: freshFolder(), ...environment } });

      const { code, stdout, stderr } = await child.ended();

      expect(code).not.toBe(0);
      expect(stdout).not.toContain('READY');
      for (const field of FIELDS) expect(stderr).toMatch(new RegExp(`- ${field}: .+\\. Set ${field} \\(`));
    });
  }

  it('starts under a relaxed name', async () => {
    const folder = freshFolder();
    const child = startNode(FIXTURE, [], {
      cwd: folder,
      env: { ROOT_DIR: folder, ENV: 'staging', OPTIONS: JSON.stringify({ databaseUrl: 'sqlite::memory:' }) },
    });

    expect(await child.ended()).toMatchObject({ code: 0, stdout: expect.stringMatching(/READY[\s\S]*CLOSED/) });
  });
});

describe('createService in production', () => {
  it('gathers all faults in one ConfigError, each with field, fault and mend', () => {
    const faults = faultsOf({});

    expect(faults.map(({ field }) => field)).toEqual(FIELDS);
    for (const { fault, mend } of faults) {
      expect(fault).not.toBe('');
      expect(mend).not.toBe('');
    }
  });

  it('accepts sound settings', () => {
    expect(faultsOf(SOUND)).toEqual([]);
  });

  it.each([
    ['jwtSecret', { jwtSecret: 'dev-secret-change-me' }, /too weak/],
    ['jwtSecret', { jwtSecret: 'x'.repeat(31) }, /too short \(31 chars, need 32\+\)/],
    ['databaseUrl', { databaseUrl: 'sqlite:./data/app.db' }, /SQLite not recommended/],
    ['redisUrl', { redisUrl: 'fakeredis://' }, /fakeredis not allowed/],
    ['corsOrigins', { corsOrigins: ['*'] }, /cannot be wildcard/],
    ['corsOrigins', { corsOrigins: [] }, /not set/],
    ['emailFrom', { smtpUrl: 'smtp://mail.example.com' }, /email_from required/],
    ['emailFrom', { emailFrom: 'me@example.com' }, /smtp_url required/],
  ] as const)('refuses a bad %s (%j)', (field, options, fault) => {
    expect(faultsOf({ ...SOUND, ...options })).toEqual([
      { field, fault: expect.stringMatching(fault), mend: expect.any(String) },
    ]);
  });

  it('names a failing check of envChecks beside the built-in ones', () => {
    const checkStripeKey = () => [false, 'Stripe key required'] as const;

    const faults = faultsOf({ ...SOUND, jwtSecret: 'short', envChecks: [checkStripeKey] });

    expect(faults.map(({ field }) => field)).toEqual(['jwtSecret', 'stripeKey']);
  });

  it('does not print the secret that it refuses', () => {
    const secret = 'hunter2-hunter2';
    expect(JSON.stringify(faultsOf({ ...SOUND, jwtSecret: secret }))).not.toContain(secret);
  });

  it('looks at the configuration as well as at the options', async () => {
    const { ServiceConfig } = await import('app-kernel');
    const { name, ...fields } = SOUND;
    const config = new ServiceConfig({ ...fields, corsOrigins: [...(fields.corsOrigins ?? [])], jwtSecret: 'short' });

    expect(faultsOf({ name, config }).map(({ field }) => field)).toEqual(['jwtSecret']);
  });
});
