import {
  cached,
  createRouter,
  getCache,
  getJobClient,
  getKernel,
  getLogger,
  getMetrics,
  getRedis,
  type Service,
} from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freshService, releaseServices } from '../service/setup/fresh-service.js';
import { eventually, json, login, problemOf, sendTo, signUp } from '../service/setup/http-calls.js';
import { KeptLog } from '../service/setup/kept-log.js';
import { freshPrefix, REDIS_BACKENDS, redisUrl, removeKeys } from '../setup/servers.js';

@Entity({ table: 'twin_notes' })
class Note extends Model {
  @Field({ type: 'string', nullable: false }) text!: string;
}

const SECRET = 'one-secret-of-32-characters-for-both';

interface Twin {
  service: Service;
  log: KeptLog;
  jobs: string[];
}

async function twin(name: string, options: Parameters<typeof freshService>[0] = {}): Promise<Twin> {
  const log = new KeptLog();
  const jobs: string[] = [];
  const router = createRouter();
  router.get('/who', {}, async ({ ctx }) => ({
    redis: getRedis() === (await redisOf(name)),
    kernel: ctx.state.kernel === getKernel(service.app),
    rows: (await Note.find()).map(({ text }) => text),
    cache: await getCache().get('greeting'),
  }));
  router.post('/notes', { body: z.object({ text: z.string() }) }, async ({ body: { text } }) => {
    await Note.save({ text });
    await getCache().set('greeting', `hello ${text}`);
    await getJobClient().enqueue('note', { text });
    getLogger().info({ text }, 'a note was taken');
    getMetrics().increment(`notes_of_${name}`);
    return {};
  });
  const service = freshService({
    name,
    entities: [Note],
    routers: [router],
    logger: log,
    tasks: { note: (data) => void jobs.push(String((data as { text: string }).text)) },
    features: { protectMetrics: 'none' },
    ...options,
  });
  await service.ready();
  redisByName.set(name, getRedis());
  return { service, log, jobs };
}

const redisByName = new Map<string, unknown>();
const redisOf = async (name: string): Promise<unknown> => redisByName.get(name);

afterEach(async () => {
  redisByName.clear();
  await releaseServices();
});

for (const backend of REDIS_BACKENDS) {
  describe(`two services in one process (${backend.name})`, () => {
    const pair = async (): Promise<{ left: Twin; right: Twin; clean: () => Promise<unknown> }> => {
      const prefixes = [freshPrefix(), freshPrefix()];
      const connection = (index: number) =>
        backend.url ? { redisUrl: backend.url, redisNamespace: prefixes[index] ?? '' } : {};
      const left = await twin('left', connection(0));
      const right = await twin('right', connection(1));
      const url = redisUrl();
      const clean = async () => {
        await left.service.close();
        await right.service.close();
        return backend.url && url ? Promise.all(prefixes.map((prefix) => removeKeys(url, prefix))) : undefined;
      };
      return { left, right, clean };
    };

    it('keep rows, caches, jobs, logs and metrics apart', async () => {
      const { left, right, clean } = await pair();

      await left.service.inject('/api/v1/notes', json({ text: 'L' }));
      await right.service.inject('/api/v1/notes', json({ text: 'R' }));
      await eventually(() => left.jobs.length > 0 && right.jobs.length > 0, 'both jobs');

      const whoIs = async ({ service }: Twin) => (await service.inject('/api/v1/who')).json();
      expect(await whoIs(left)).toEqual({ redis: true, kernel: true, rows: ['L'], cache: 'hello L' });
      expect(await whoIs(right)).toEqual({ redis: true, kernel: true, rows: ['R'], cache: 'hello R' });
      expect([left.jobs, right.jobs]).toEqual([['L'], ['R']]);
      expect(left.log.text).toContain('a note was taken');
      expect(left.log.text).not.toMatch(/"text":"R"/);
      expect(right.log.text).not.toMatch(/"text":"L"/);
      const metrics = async ({ service }: Twin) => (await service.inject('/metrics')).text();
      expect(await metrics(left)).toMatch(/notes_of_left/);
      expect(await metrics(left)).not.toMatch(/notes_of_right/);
      await clean();
    });

    it('limit and sign in on their own', async () => {
      const prefixes = [freshPrefix(), freshPrefix()];
      const options = (index: number) => ({
        rateLimitAnonymousRpm: 2,
        ...(backend.url && { redisUrl: backend.url, redisNamespace: prefixes[index] ?? '' }),
      });
      const left = await twin('left', options(0));
      const right = await twin('right', options(1));
      for (let call = 0; call < 2; call++) await left.service.inject('/api/v1/who');

      expect((await left.service.inject('/api/v1/who')).status).toBe(429);
      expect((await right.service.inject('/api/v1/who')).status).toBe(200);
      await left.service.close();
      await right.service.close();
      if (backend.url) for (const prefix of prefixes) await removeKeys(backend.url, prefix);
    });
  });
}

describe('two services in one process', () => {
  it('refuse each other’s tokens, also with the same secret', async () => {
    const left = await twin('left', { jwtSecret: SECRET });
    const right = await twin('right', { jwtSecret: SECRET });
    const { headers } = await signUp(sendTo(left.service));

    expect((await left.service.inject('/api/v1/auth/me', { headers })).status).toBe(200);
    await problemOf(await right.service.inject('/api/v1/auth/me', { headers }), 401);
    expect(
      (await right.service.inject('/api/v1/auth/login', json({ username: 'ada@example.com', password: 'x' }))).status,
    ).toBe(401);
  });

  it('serve side by side while one of them stops', async () => {
    const left = await twin('left');
    const right = await twin('right');
    await right.service.close();

    const { headers } = await signUp(sendTo(left.service), 'still@example.com');
    expect((await left.service.inject('/api/v1/auth/me', { headers })).status).toBe(200);
    expect(await (await left.service.inject('/api/v1/who')).json()).toMatchObject({
      redis: true,
      kernel: true,
      rows: [],
    });
    expect((await login(sendTo(left.service), 'still@example.com')).id).toBeTypeOf('string');
  });

  it('invalidate only their own computed values', async () => {
    let computed = 0;
    const compute = cached({ ttlSeconds: 60, key: 'twins' }, async () => ++computed);
    const router = createRouter();
    router.get('/computed', {}, async () => ({ value: await compute() }));
    router.delete('/computed', { status: 200 }, async () => ({ gone: await compute.invalidate() }));
    const [left, right] = [freshService({ routers: [router] }), freshService({ routers: [router] })];
    await left.ready();
    await right.ready();
    const value = async (service: Service) =>
      ((await (await service.inject('/api/v1/computed')).json()) as { value: number }).value;

    const first = [await value(left), await value(right), await value(left)];
    await left.inject('/api/v1/computed', { method: 'DELETE' });
    const second = [await value(left), await value(right)];

    expect(first).toEqual([1, 2, 1]);
    expect(second).toEqual([3, 2]);
  });
});
