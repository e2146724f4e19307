import {
  createRouter,
  getCache,
  getEnv,
  getJobClient,
  getLogger,
  getMetrics,
  getRedis,
  getSyncRedis,
  isEmailConfigured,
  isRedisFake,
  quickService,
} from 'app-kernel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshOptions, freshService, releaseServices, startedService, track } from './setup/fresh-service.js';
import { eventually } from './setup/http-calls.js';

afterEach(async () => {
  vi.unstubAllEnvs();
  await releaseServices();
});

describe('the accessors', () => {
  it('answer as if there were nothing before any kernel has started', async () => {
    expect(getRedis() === null).toBe(true);
    expect(getSyncRedis() === null).toBe(true);
    expect(isRedisFake()).toBe(false);
    expect(isEmailConfigured()).toBe(false);
    expect(() => getLogger().info('nobody hears this')).not.toThrow();
    expect(() => getMetrics().increment('nobody_counts_this')).not.toThrow();
    await getCache().set('nobody', 'keeps this');
    expect(() => getJobClient()).toThrow(/createService|ready|start/);
  });

  it('answer the newest live kernel outside of requests, and again nothing after close()', async () => {
    const older = await startedService({ name: 'older' });
    const redisOfOlder = getRedis();
    const newer = await startedService({ name: 'newer' });
    const redisOfNewer = getRedis();

    expect(redisOfOlder !== null).toBe(true);
    expect(redisOfNewer !== redisOfOlder).toBe(true);
    await newer.close();
    expect(getRedis() === redisOfOlder).toBe(true);
    await older.close();
    expect(getRedis() === null).toBe(true);
    expect(isRedisFake()).toBe(false);
  });

  it('answer the kernel of the request, and of the job, that asks', async () => {
    const seen: unknown[] = [];
    const router = createRouter();
    router.get('/redis', {}, () => ({ own: getRedis() === ownRedis }));
    const service = await startedService({ routers: [router], tasks: { look: () => void seen.push(getRedis()) } });
    const ownRedis = getRedis();
    const client = getJobClient();
    await startedService({ name: 'newer' });

    expect(await (await service.inject('/api/v1/redis')).json()).toEqual({ own: true });
    await client.enqueue('look', {});
    await eventually(() => seen.length > 0, 'the job');
    expect(seen[0] === ownRedis).toBe(true);
  });

  it('keep the jobs’ client apart from the shared one', async () => {
    await startedService();
    expect(getSyncRedis() !== null).toBe(true);
    expect(getSyncRedis() !== getRedis()).toBe(true);
    expect(isRedisFake()).toBe(true);
  });

  it('answer nothing of a kernel whose start failed', async () => {
    const failed = freshService({
      onStartup: () => {
        throw new Error('no');
      },
    });
    await expect(failed.ready()).rejects.toThrow();
    expect(getRedis() === null).toBe(true);
    await startedService();
    const running = getRedis();
    await expect(failed.ready()).rejects.toThrow();
    expect(getRedis() === running).toBe(true);
  });

  it('answer onShutdown’s own kernel, whichever is the newest', async () => {
    const seen: unknown[] = [];
    const older = await startedService({ onShutdown: () => void seen.push(getRedis()) });
    const redisOfOlder = getRedis();
    await startedService({ name: 'newer' });

    await older.close();

    expect(seen[0] === redisOfOlder).toBe(true);
  });

  it('name the environment that quickService chose', async () => {
    vi.stubEnv('APP_ENV', undefined);
    vi.stubEnv('ENV', undefined);
    const { name: _, ...options } = freshOptions();
    const service = track(quickService('quick', options));
    await service.ready();

    expect(getEnv()).toBe('dev');
    await service.close();
    expect(getEnv()).toBe('prod');
  });
});
