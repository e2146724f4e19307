import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/base/clock.js';
import { Cache, cached } from '../../src/reliability/index.js';

describe('cached', () => {
  it('answers from the cache until its time is up or it is invalidated', async () => {
    const clock = new FakeClock();
    const cache = new Cache({ clock });
    const load = vi.fn(async ({ userId }: { userId: string }) => ({ userId, calls: load.mock.calls.length }));
    const getUser = cached({ ttlSeconds: 300, key: 'user:{userId}', cache }, load);

    expect(await getUser({ userId: '123' })).toEqual({ userId: '123', calls: 1 });
    expect(await getUser({ userId: '123' })).toEqual({ userId: '123', calls: 1 });
    expect(await cache.get('user:123')).toEqual({ userId: '123', calls: 1 });
    expect(await getUser.invalidate({ userId: '123' })).toBe(true);
    expect(await getUser.invalidate({ userId: '123' })).toBe(false);
    expect(await getUser({ userId: '123' })).toEqual({ userId: '123', calls: 2 });
    clock.advance(300_001);
    expect(await getUser({ userId: '123' })).toEqual({ userId: '123', calls: 3 });
  });

  it('takes a function of all arguments as the key', async () => {
    const add = vi.fn((left: number, right: number) => left + right);
    const sum = cached({ ttlSeconds: 60, key: (left, right) => `sum:${left}:${right}`, cache: new Cache() }, add);
    expect(await sum(1, 2)).toBe(3);
    expect(await sum(1, 2)).toBe(3);
    expect(await sum(2, 2)).toBe(4);
    expect(add).toHaveBeenCalledTimes(2);
    await sum.invalidate(1, 2);
    await sum(1, 2);
    expect(add).toHaveBeenCalledTimes(3);
  });

  it('serves a key without places to functions without arguments', async () => {
    const count = vi.fn(async () => 7);
    const stats = cached({ ttlSeconds: 60, key: 'stats:global', cache: new Cache() }, count);
    expect(await Promise.all([stats(), stats()])).toEqual([7, 7]);
    expect(count).toHaveBeenCalledTimes(1);
    await stats.invalidate();
    await stats();
    expect(count).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['missing', {}],
    ['an object', { userId: { $ne: '' } }],
    ['inherited', Object.create({ userId: '1' })],
  ])('names a place whose value is %s', async (_kind, values) => {
    const getUser = cached({ ttlSeconds: 60, key: 'user:{userId}', cache: new Cache() }, async (_values: object) => 1);
    await expect(getUser(values)).rejects.toThrow(/"userId" of cache key "user:\{userId\}"/);
  });
});
