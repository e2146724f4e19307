import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/base/clock.js';
import { runWithContext } from '../../src/base/context.js';
import { Services } from '../../src/base/services.js';
import { sleep } from '../../src/base/sleep.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import {
  acquireLock,
  autoRenewLock,
  LocalLocks,
  type LockStore,
  lockService,
  RedisLocks,
  releaseLock,
  renewLock,
  withLock,
} from '../../src/reliability/index.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { deferred } from './deferred.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Subject {
  name: string;
  open(): Promise<LockStore>;
  close(): Promise<void>;
}

const subjects: Subject[] = [
  { name: 'the process', open: async () => new LocalLocks(), close: async () => {} },
  ...REDIS_BACKENDS.map((backend): Subject => {
    const prefix = freshPrefix();
    let redis: RedisConnection;
    return {
      name: backend.name,
      open: async () => {
        redis = await connectRedis({ url: backend.url });
        return new RedisLocks(redis.client, { prefix });
      },
      close: async () => {
        await redis.close();
        if (backend.url) await removeKeys(backend.url, prefix);
      },
    };
  }),
];

for (const subject of subjects) {
  describe(`locks of ${subject.name}`, () => {
    const services = new Services();
    const inKernel = <T>(fn: () => Promise<T>): Promise<T> => runWithContext({ services }, fn);
    let store: LockStore;

    beforeAll(async () => {
      store = await subject.open();
      services.provide(lockService, store);
    });
    afterAll(async () => {
      services.close();
      await subject.close();
    });

    it('has one owner at a time', () =>
      inKernel(async () => {
        const first = await acquireLock('deploy', { ttlSeconds: 60, holder: 'user-1' });
        expect(first).toMatch(UUID);
        expect(await acquireLock('deploy')).toBeNull();
        expect(await acquireLock('another')).toMatch(UUID);
        expect(await releaseLock('deploy', first ?? '')).toBe(true);
        expect(await acquireLock('deploy')).toMatch(UUID);
      }));

    it('lets 1 of 100 callers in', () =>
      inKernel(async () => {
        const ids = await Promise.all(Array.from({ length: 100 }, () => acquireLock('rush')));
        expect(ids.filter((id) => id !== null)).toHaveLength(1);
      }));

    it('obeys only its owner', () =>
      inKernel(async () => {
        const id = await acquireLock('mine', { ttlSeconds: 60 });
        expect(await releaseLock('mine', 'someone else')).toBe(false);
        expect(await renewLock('mine', 'someone else')).toBe(false);
        expect(await acquireLock('mine')).toBeNull();
        expect(await renewLock('mine', id ?? '', { ttlSeconds: 60 })).toBe(true);
        expect(await releaseLock('mine', id ?? '')).toBe(true);
        expect(await releaseLock('mine', id ?? '')).toBe(false);
      }));

    it('frees itself after its time; the late owner can neither renew nor release, and has a lower fence', async () => {
      const early = await store.acquire('paused', 0.05, '');
      await sleep(80);
      const late = await store.acquire('paused', 60, '');
      expect(late).not.toBeNull();
      expect(await store.renew('paused', early?.lockId ?? '', 60)).toBe(false);
      expect(await store.release('paused', early?.lockId ?? '')).toBe(false);
      expect(await store.acquire('paused', 60, '')).toBeNull();
      expect(late?.fence).toBeGreaterThan(early?.fence ?? Number.POSITIVE_INFINITY);
    });

    it('raises the fence with every acquisition, also after a release', async () => {
      const fences: number[] = [];
      for (let round = 0; round < 5; round++) {
        const lock = await store.acquire('fenced', 60, '');
        fences.push(lock?.fence ?? 0);
        await store.release('fenced', lock?.lockId ?? '');
      }
      expect(fences).toEqual([...new Set(fences)].sort((one, other) => one - other));
      expect(fences.every(Number.isSafeInteger)).toBe(true);
    });

    it('is renewed in the background until cancelled', () =>
      inKernel(async () => {
        const renew = vi.spyOn(store, 'renew');
        const id = (await acquireLock('long', { ttlSeconds: 60 })) ?? '';
        const renewer = await autoRenewLock('long', id, { ttlSeconds: 60, intervalSeconds: 0.02 });
        await vi.waitFor(() => expect(renew.mock.calls.length).toBeGreaterThan(2));
        renewer.cancel();
        expect(await Promise.all(renew.mock.results.map((result) => result.value))).not.toContain(false);
        const renewals = renew.mock.calls.length;
        await sleep(80);
        expect(renew).toHaveBeenCalledTimes(renewals);
        expect(renewer.signal.aborted).toBe(false);
        renew.mockRestore();
      }));

    it('tells its renewer when it was lost', () =>
      inKernel(async () => {
        const id = (await acquireLock('stolen', { ttlSeconds: 60 })) ?? '';
        const renewer = await autoRenewLock('stolen', id, { ttlSeconds: 60, intervalSeconds: 0.02 });
        await releaseLock('stolen', id);
        await vi.waitFor(() => expect(renewer.signal.aborted).toBe(true));
        expect(String(renewer.signal.reason)).toContain('"stolen" is no longer ours');
      }));

    it('guards a piece of work and is released whatever happens', () =>
      inKernel(async () => {
        const gate = deferred();
        const first = withLock('work', async ({ fence, signal }) => {
          await gate.promise;
          return { fence, aborted: signal.aborted };
        });
        await vi.waitFor(async () => expect(await acquireLock('work')).toBeNull());
        await expect(withLock('work', async () => 1)).rejects.toMatchObject({ code: 'E_CONFLICT' });
        const waiting = withLock('work', async () => 'after', { waitSeconds: 5 });
        gate.resolve();
        const { fence, aborted } = await first;
        expect(fence).toBeGreaterThan(0);
        expect(aborted).toBe(false);
        expect(await waiting).toBe('after');
        await expect(withLock('work', () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
        expect(await withLock('work', async () => 'free again')).toBe('free again');
      }));
  });
}

describe('locks', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('raise the fence also within a millisecond and when the clock of Redis steps back', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 12) });
    const redis = await connectRedis();
    const locks = new RedisLocks(redis.client);
    const fences: number[] = [];
    for (const hour of [12, 12, 11, 13]) {
      vi.setSystemTime(Date.UTC(2026, 0, 1, hour));
      const lock = await locks.acquire('x', 60, '');
      fences.push(lock?.fence ?? 0);
      await locks.release('x', lock?.lockId ?? '');
    }
    expect(fences.map((fence) => fence - Date.UTC(2026, 0, 1, 12))).toEqual([0, 1, 2, 3_600_000]);
    await redis.close();
  });

  it('answer an id and true before a kernel has started', async () => {
    expect(await acquireLock('free')).toMatch(UUID);
    expect(await acquireLock('free')).toMatch(UUID);
    expect(await releaseLock('free', 'any')).toBe(true);
    expect(await renewLock('free', 'any')).toBe(true);
  });

  it('deny when Redis is away', async () => {
    const redis = await connectRedis();
    const away = new Proxy(redis.client, {
      get: (_client, name) => (name === 'defineCommand' ? () => undefined : () => Promise.reject(new Error('closed'))),
    });
    const services = new Services();
    services.provide(lockService, new RedisLocks(away));
    const work = vi.fn(async () => 1);
    await runWithContext({ services }, async () => {
      await expect(acquireLock('x')).rejects.toMatchObject({ code: 'E_CONNECTION' });
      await expect(withLock('x', work)).rejects.toMatchObject({ code: 'E_CONNECTION' });
    });
    expect(work).not.toHaveBeenCalled();
    services.close();
    await redis.close();
  });

  it('count as lost when no renewal got through in time', async () => {
    const store: LockStore = {
      acquire: async () => ({ lockId: 'id', fence: 1 }),
      renew: () => Promise.reject(new Error('Redis is away')),
      release: async () => false,
    };
    const services = new Services();
    services.provide(lockService, store);
    const aborted = runWithContext({ services }, () =>
      withLock(
        'x',
        async ({ signal }) => {
          await vi.waitFor(() => expect(signal.aborted).toBe(true));
          return String(signal.reason);
        },
        { ttlSeconds: 0.1 },
      ),
    );
    expect(await aborted).toContain('ran out before a renewal got through');
    services.close();
  });

  it('of the process free themselves by the clock', async () => {
    const clock = new FakeClock();
    const locks = new LocalLocks(clock);
    expect(await locks.acquire('x', 10, '')).not.toBeNull();
    clock.advance(9_999);
    expect(await locks.acquire('x', 10, '')).toBeNull();
    clock.advance(1);
    expect(await locks.acquire('x', 10, '')).not.toBeNull();
  });
});
