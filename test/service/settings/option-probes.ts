import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createRouter,
  getJobClient,
  isEmailConfigured,
  isRedisFake,
  ServiceConfig,
  type ServiceOptions,
} from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { expect, vi } from 'vitest';
import { freshFolder, freshOptions, freshService, sqliteUrl, startedService } from '../setup/fresh-service.js';
import { eventually, json, login, sendTo, signUp } from '../setup/http-calls.js';
import { KeptLog } from '../setup/kept-log.js';
import { billingOptionProbes } from './billing-probes.js';
import { databaseOptionProbes } from './database-probes.js';
import { emailOptionProbes } from './email-option-probes.js';
import { oauthOptionProbes } from './oauth-option-probes.js';
import { observingOptionProbes } from './observing-probes.js';
import type { Probes } from './probe.js';
import { telemetryOptionProbes } from './telemetry-probes.js';
import { webhookOptionProbes } from './webhooks-probes.js';

@Entity({ table: 'option_probe_rows' })
class Row extends Model {
  @Field({ type: 'string' }) text!: string;
}

const SOUND = {
  databaseUrl: 'postgresql://u:p@127.0.0.1:1/x',
  redisUrl: 'redis://127.0.0.1:1',
  jwtSecret: 'k9!vQ2#xL7@pR4$wN8^tB1&mZ6*cH3(f',
  corsOrigins: ['https://myapp.com'],
};

function helloRouter(prefix = '/hello') {
  const router = createRouter({ prefix });
  router.get('/', {}, () => ({ hello: 'world' }));
  return router;
}

const api = async (options: Partial<ServiceOptions>) => (await (await startedService(options)).inject('/api')).json();
const info = async (options: Partial<ServiceOptions>) => {
  const document = await (await (await startedService(options)).inject('/openapi.json')).json();
  return (document as { info: object }).info;
};

export const optionProbes: Probes<ServiceOptions> = {
  ...billingOptionProbes,
  ...databaseOptionProbes,
  ...emailOptionProbes,
  ...oauthOptionProbes,
  ...observingOptionProbes,
  ...telemetryOptionProbes,
  ...webhookOptionProbes,
  name: async () => expect(await api({ name: 'probed' })).toMatchObject({ service: 'probed' }),
  version: async () => {
    expect(await api({ version: '9.8.7' })).toMatchObject({ version: '9.8.7' });
    expect(await api({})).toMatchObject({ version: '1.0.0' });
  },
  description: async () => expect(await info({ description: 'Probed.' })).toMatchObject({ description: 'Probed.' }),
  apiPrefix: async () => {
    const service = await startedService({ apiPrefix: '/v9', routers: [helloRouter()] });
    expect((await service.inject('/v9/hello')).status).toBe(200);
    await signUp(sendTo(service), 'a@example.com', { authPath: '/v9/auth' });
    expect((await service.inject('/api/v1/hello')).status).toBe(404);
  },
  routers: async () => {
    const { Router } = await import('@koa/router');
    const plain = new Router({ prefix: '/plain' });
    plain.get('/', (ctx) => {
      ctx.body = 'plain';
    });
    const service = await startedService({ routers: [helloRouter(), plain, ['/shelf', helloRouter('/box')]] });
    for (const path of ['/hello', '/plain', '/shelf/box']) {
      expect((await service.inject(`/api/v1${path}`)).status, path).toBe(200);
    }
  },
  tasks: async () => {
    const done: unknown[] = [];
    await startedService({ tasks: { probe: (data) => void done.push(data) } });
    await getJobClient().enqueue('probe', { n: 1 });
    await eventually(() => done.length > 0, 'the job');
    await expect(getJobClient().enqueue('other', {})).rejects.toThrow(/probe/);
  },
  entities: async () => {
    const service = await startedService({ entities: [Row] });
    await Row.save({ text: 'kept' });
    const tables = await service.kernel.database.query<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['option_probe_rows', 'kernel_auth_users']));
    const without = await startedService({ entities: [] });
    const fewer = await without.kernel.database.query<{ name: string }>('SELECT name FROM sqlite_master');
    expect(fewer.map(({ name }) => name)).not.toContain('option_probe_rows');
  },
  databaseUrl: async () => {
    const folder = freshFolder();
    await startedService({ databaseUrl: sqliteUrl(folder, 'probed.db') });
    expect(existsSync(join(folder, 'probed.db'))).toBe(true);
  },
  redisUrl: async () => {
    const logger = new KeptLog();
    await startedService({ redisUrl: 'redis://127.0.0.1:1', logger });
    expect(logger.text).toMatch(/127\.0\.0\.1:1/); // outside production it goes on in memory, and says so
    expect(isRedisFake()).toBe(true);
  },
  redisNamespace: async () => {
    const service = await startedService({ redisNamespace: 'probed:', tasks: { probed: async () => {} } });
    await service.kernel.jobs.enqueue('probed', {});
    const keys = await service.kernel.redis.client.keys('*');
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).toMatch(/^probed:/);
  },
  allowRedisFallback: async () => {
    vi.stubEnv('APP_ENV', 'prod');
    const settings = (allow: boolean) => freshService({ ...SOUND, allowRedisFallback: allow }).kernel.settings;
    expect([settings(true).redis.allowFallback, settings(false).redis.allowFallback]).toEqual([true, false]);
  },
  schemaInit: async () => {
    await startedService({
      schemaInit: (db) => db.execute('CREATE TABLE probed (id INTEGER)'),
      dbSeed: (db) => db.execute('INSERT INTO probed VALUES (1)'),
    });
  },
  dbSeed: async () => {
    await startedService({ entities: [Row], dbSeed: () => Row.save({ text: 'seeded' }) });
    expect(await Row.find()).toMatchObject([{ text: 'seeded' }]);
  },
  jwtSecret: async () => {
    const jwt = (await import('jsonwebtoken')).default;
    const jwtSecret = 'probed-secret-of-32-characters-!';
    const { accessToken } = await signUp(sendTo(await startedService({ jwtSecret })));
    expect(() => jwt.verify(accessToken, jwtSecret)).not.toThrow();
  },
  allowSelfSignup: async () => {
    const service = await startedService({ allowSelfSignup: false });
    const body = { username: 'a@example.com', email: 'a@example.com', password: 'difference-engine' };
    expect([403, 404]).toContain((await service.inject('/api/v1/auth/register', json(body))).status);
  },
  userStore: async () => {
    const asked: string[] = [];
    const nobody = async (name: string) => {
      asked.push(name);
      return null;
    };
    const service = await startedService({
      userStore: {
        getByUsername: nobody,
        getById: async () => null,
        create: () => Promise.reject(new Error('not here')),
        updatePassword: async () => false,
      },
    });
    await service.inject('/api/v1/auth/login', json({ username: 'a@example.com', password: 'difference-engine' }));
    expect(asked).toContain('a@example.com');
  },
  admin: async () => {
    const admin = { email: 'root@example.com', password: 'probed-admin-password' };
    const service = await startedService({ admin });
    const { headers } = await login(sendTo(service), admin.email, { password: admin.password });
    expect((await service.inject('/metrics', { headers })).status).toBe(200);
  },
  rateLimitAnonymousRpm: async () => {
    const service = await startedService({ rateLimitAnonymousRpm: 7 });
    expect((await service.inject('/api')).headers.get('x-ratelimit-limit')).toBe('7');
  },
  rateLimitAuthenticatedRpm: async () => {
    const service = await startedService({ rateLimitAuthenticatedRpm: 8 });
    const { headers } = await signUp(sendTo(service));
    expect((await service.inject('/api', { headers })).headers.get('x-ratelimit-limit')).toBe('8');
  },
  rateLimitAdminRpm: async () => {
    const admin = { email: 'root@example.com', password: 'probed-admin-password' };
    const service = await startedService({ rateLimitAdminRpm: 9, admin });
    const { headers } = await login(sendTo(service), admin.email, { password: admin.password });
    expect((await service.inject('/api', { headers })).headers.get('x-ratelimit-limit')).toBe('9');
  },
  corsOrigins: async () => {
    const service = await startedService({ corsOrigins: ['https://probed.example'] });
    const response = await service.inject('/healthz', { headers: { origin: 'https://probed.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://probed.example');
  },
  envChecks: async () => {
    const logger = new KeptLog();
    freshService({ logger, envChecks: [() => [false, 'probed check failed']] });
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('probed check failed') }),
    );
  },
  healthChecks: async () => {
    const service = await startedService({ healthChecks: [['probed', () => [false, 'down']]] });
    expect(await (await service.inject('/readyz')).json()).toMatchObject({ checks: { probed: { message: 'down' } } });
  },
  onStartup: async () => {
    const events: string[] = [];
    await startedService({ onStartup: () => void events.push('started') });
    expect(events).toEqual(['started']);
  },
  onShutdown: async () => {
    const events: string[] = [];
    const service = await startedService({ onShutdown: () => void events.push('stopped') });
    await service.close();
    expect(events).toEqual(['stopped']);
  },
  debug: async () => {
    const service = await startedService({ debug: true });
    expect(await (await service.inject('/nowhere')).json()).toHaveProperty('debug');
  },
  testRunners: async () => {
    async function* run_probe() {}
    const service = await startedService({ testRunners: [run_probe] });
    expect((await service.inject('/test/probe', { method: 'POST' })).status).toBe(401);
    expect(() => freshService({ testRunners: [(() => async function* () {})()] })).toThrow(/testRunners.*name/s);
  },
  enableTestRoutes: async () => {
    vi.stubEnv('APP_ENV', 'prod');
    const { features } = freshService({ ...SOUND, enableTestRoutes: true }).kernel.settings;
    expect([features.enableTestRoutes, freshService(SOUND).kernel.settings.features.enableTestRoutes]).toEqual([
      true,
      false,
    ]);
  },
  features: async () => {
    const service = await startedService({ features: { healthPath: '/alive' } });
    expect((await service.inject('/alive')).status).toBe(200);
  },
  config: async () => {
    const service = await startedService({ config: new ServiceConfig({ jwtExpiryHours: 1 }) });
    expect((await signUp(sendTo(service))).expiresIn).toBe(3600);
  },
  dataDir: async () => {
    const dataDir = join(freshFolder(), 'probed');
    await startedService({ dataDir });
    expect(readFileSync(join(dataDir, 'development-secret'), 'utf8').length).toBeGreaterThan(31);
    expect(existsSync(join(dataDir, 'migrations_audit'))).toBe(true);
  },
  rootDir: async () => {
    const rootDir = freshFolder();
    writeFileSync(join(rootDir, '.env'), 'PROBED_BY_ROOT_DIR=yes\n');
    freshService({ ...freshOptions(), rootDir });
    expect(process.env.PROBED_BY_ROOT_DIR).toBe('yes');
    delete process.env.PROBED_BY_ROOT_DIR;
  },
  trustProxy: async () => {
    const seen = async (trustProxy: number) => {
      const router = createRouter();
      router.get('/ip', {}, async ({ ctx }) => ({ ip: (await import('app-kernel')).getRealIp(ctx) }));
      const service = await startedService({ trustProxy, routers: [router] });
      const response = await service.inject('/api/v1/ip', {
        headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' },
      });
      return ((await response.json()) as { ip: string }).ip;
    };
    expect(await seen(1)).toBe('203.0.113.7');
    expect(await seen(2)).toBe('198.51.100.1');
    expect(await seen(0)).toMatch(/^127\.|::1/);
  },
  maxBodySize: async () => {
    const service = await startedService({ maxBodySize: 300 });
    const body = json({ username: 'a@example.com', password: 'x'.repeat(400) });
    expect((await service.inject('/api/v1/auth/login', body)).status).toBe(413);
  },
  logger: async () => {
    const logger = new KeptLog();
    const service = await startedService({ logger });
    await service.inject('/api');
    expect(logger.lines.some(({ fields }) => fields.path === '/api')).toBe(true);
  },
  shutdownTimeoutMs: async () => {
    const router = createRouter();
    let began = false;
    router.get('/stuck', {}, () => {
      began = true;
      return new Promise(() => {});
    });
    const service = await startedService({ routers: [router], shutdownTimeoutMs: 200 });
    await service.listen(0, '127.0.0.1');
    fetch(`http://127.0.0.1:${service.port}/api/v1/stuck`).catch(() => {});
    await eventually(() => began, 'the request');
    const startedAt = Date.now();
    await service.close();
    expect(Date.now() - startedAt).toBeLessThan(3000);
    expect(isEmailConfigured()).toBe(false);
  },
};
