import { ConfigError, createService, quickService, ServiceConfig, type ServiceOptions } from 'app-kernel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshFolder, freshOptions, releaseServices, track } from './setup/fresh-service.js';
import { login, register, sendTo, signUp } from './setup/http-calls.js';

afterEach(async () => {
  vi.unstubAllEnvs();
  await releaseServices();
});

function refusal(make: () => unknown): ConfigError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('It was accepted');
}

describe('createService', () => {
  it('names an option that it does not know, and the one that was meant', () => {
    const options = { ...freshOptions(), databseUrl: 'sqlite::memory:' } as unknown as ServiceOptions;

    const { faults } = refusal(() => createService(options));

    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ field: 'databseUrl' });
    expect(`${faults[0]?.fault} ${faults[0]?.mend}`).toContain('databaseUrl');
  });

  it('names every malformed option at once', () => {
    const { faults } = refusal(() =>
      createService(
        freshOptions({ rateLimitAnonymousRpm: -1, maxBodySize: 0.5, apiPrefix: 'api', healthChecks: [42 as never] }),
      ),
    );

    expect(faults.length).toBeGreaterThanOrEqual(4);
    for (const { mend } of faults) expect(mend).not.toBe('');
  });

  it('names a missing or empty name', () => {
    const { faults } = refusal(() => createService({} as ServiceOptions));
    expect(faults.map(({ field }) => field)).toContain('name');
    expect(refusal(() => createService(freshOptions({ name: '' }))).faults.map(({ field }) => field)).toContain('name');
  });

  it('connects nothing by itself', () => {
    const options = freshOptions({
      databaseUrl: 'postgresql://nobody@127.0.0.1:1/none',
      redisUrl: 'redis://127.0.0.1:1',
    });
    expect(() => track(createService(options))).not.toThrow();
  });

  it('prefers an explicit option to the configuration, and the configuration to the default', async () => {
    const config = new ServiceConfig({ allowSelfSignup: false, rateLimitRequests: 77, jwtExpiryHours: 2 });
    const explicit = track(createService(freshOptions({ config, allowSelfSignup: true })));
    const configured = track(createService(freshOptions({ config, rateLimitAuthenticatedRpm: 55 })));
    await Promise.all([explicit.ready(), configured.ready()]);

    const signedIn = await signUp(sendTo(explicit));
    const answer = await explicit.inject('/api/v1/auth/me', { headers: signedIn.headers });
    const refused = await configured.inject('/api/v1/auth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'a@example.com', email: 'a@example.com', password: 'difference-engine' }),
    });

    expect(signedIn.expiresIn).toBe(2 * 3600);
    expect(answer.headers.get('x-ratelimit-limit')).toBe('77');
    expect([403, 404]).toContain(refused.status);
    expect(configured.kernel.settings.reliability.rateLimitAuthenticatedRpm).toBe(55);
  });

  it('keeps its own defaults where a configuration leaves a field unset', async () => {
    const service = track(createService(freshOptions({ config: new ServiceConfig() })));
    await service.ready();

    const { expiresIn } = await signUp(sendTo(service));

    expect(expiresIn).toBe(24 * 3600);
    expect(service.kernel.settings.reliability).toMatchObject({
      rateLimitAnonymousRpm: 30,
      rateLimitAuthenticatedRpm: 120,
      rateLimitAdminRpm: 600,
    });
  });

  it('lives 15 minutes per access token where no configuration is given', async () => {
    const service = track(createService(freshOptions()));
    await service.ready();
    expect((await signUp(sendTo(service))).expiresIn).toBe(15 * 60);
  });

  it('forces debug off in production, and adds it to problem bodies elsewhere', async () => {
    const service = track(createService(freshOptions({ debug: true })));
    await service.ready();

    const problem = (await (await service.inject('/nowhere')).json()) as Record<string, unknown>;

    expect(service.kernel.settings.security.debug).toBe(true);
    expect(problem).toHaveProperty('debug');
    vi.stubEnv('APP_ENV', 'prod');
    const strict = track(
      createService({
        ...freshOptions({
          debug: true,
          databaseUrl: 'postgresql://u:p@127.0.0.1:1/x',
          redisUrl: 'redis://127.0.0.1:1',
        }),
        jwtSecret: 'k9!vQ2#xL7@pR4$wN8^tB1&mZ6*cH3(f',
        corsOrigins: ['https://myapp.com'],
      }),
    );
    expect(strict.kernel.settings.security.debug).toBe(false);
  });

  it('signs in again after a restart without a configured secret', async () => {
    const options = freshOptions();
    const first = track(createService(options));
    await first.ready();
    const { headers } = await signUp(sendTo(first));
    await first.close();

    const second = track(createService(options));
    await second.ready();

    expect((await second.inject('/api/v1/auth/me', { headers })).status).toBe(200);
  });
});

describe('quickService', () => {
  it('runs as development where no environment is named', async () => {
    vi.stubEnv('APP_ENV', undefined);
    vi.stubEnv('ENV', undefined);
    const { name: _, ...options } = freshOptions();

    const service = track(quickService('quick', { ...options, routers: [] }));
    await service.ready();

    const send = sendTo(service);
    await register(send, 'quick@example.com');
    expect(await login(send, 'quick@example.com')).toMatchObject({ expiresIn: 24 * 3600 });
  });

  it('is production where the environment says so', () => {
    vi.stubEnv('APP_ENV', 'prod');
    expect(refusal(() => quickService('quick', { rootDir: freshFolder() })).faults.map(({ field }) => field)).toContain(
      'databaseUrl',
    );
  });

  it('obeys a relaxed environment that is named', () => {
    vi.stubEnv('APP_ENV', 'staging');
    const { name: _, ...options } = freshOptions();
    expect(() => track(quickService('quick', options))).not.toThrow();
  });
});
