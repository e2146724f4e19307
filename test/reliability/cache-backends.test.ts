import { afterAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/base/clock.js';
import { sleep } from '../../src/base/sleep.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { InMemoryCache, NoOpCache, RedisCache } from '../../src/reliability/index.js';
import { describeCache } from '../conformance/cache.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

const clock = new FakeClock();
describeCache('the memory of the process', {
  open: async () => new InMemoryCache({ clock }),
  advance: async (ms) => clock.advance(ms),
  manyKeys: 900,
});

for (const backend of REDIS_BACKENDS) {
  const root = freshPrefix();
  let connection: Promise<RedisConnection> | undefined;
  let subjects = 0;
  describeCache(backend.name, {
    open: async () => {
      connection ??= connectRedis({ url: backend.url });
      subjects += 1;
      // A prefix with glob characters in it: they must mean themselves.
      return new RedisCache((await connection).client, { prefix: `${root}[${subjects}]*:` });
    },
    advance: (ms) => sleep(ms),
    // The in-memory engine's SCAN counts places, so that deleting between two steps would skip keys.
    manyKeys: backend.url ? 1_800 : 400,
  });
  afterAll(async () => {
    await (await connection)?.close();
    if (backend.url) await removeKeys(backend.url, root);
  });
}

describe('the memory of the process', () => {
  it('makes room by dropping what was unused longest', async () => {
    const cache = new InMemoryCache({ maxSize: 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    await cache.get('a');
    await cache.set('d', 'd');
    expect(await cache.exists('b')).toBe(false);
    expect(await cache.get('a')).toBe('a');
    expect(cache.size).toBe(3);
  });

  it('holds 1,000 entries unless told otherwise', async () => {
    const cache = new InMemoryCache();
    for (let index = 0; index < 1_200; index++) await cache.set(`${index}`, index);
    expect(cache.size).toBe(1_000);
  });

  it('sweeps expired entries on every 50th write', async () => {
    const time = new FakeClock();
    const cache = new InMemoryCache({ clock: time });
    for (let index = 0; index < 20; index++) await cache.set(`old:${index}`, index, 1);
    time.advance(2_000);
    for (let index = 0; index < 29; index++) await cache.set(`new:${index}`, index, 1);
    expect(cache.size).toBe(49);
    await cache.set('fiftieth', 1, 1);
    expect(cache.size).toBe(30);
  });
});

describe('the cache that keeps nothing', () => {
  it('answers as an empty cache whatever was set', async () => {
    const cache = new NoOpCache();
    await cache.set('key', 1);
    expect(await cache.get('key')).toBeNull();
    expect(await cache.exists('key')).toBe(false);
    expect(await cache.delete('key')).toBe(false);
    expect(await cache.deletePattern('*')).toBe(0);
    expect((await cache.claim('key', 1)).state).toBe('leased');
    expect((await cache.claim('key', 1)).state).toBe('leased');
    expect(await cache.fill('key', '', '1')).toBe(false);
  });
});
