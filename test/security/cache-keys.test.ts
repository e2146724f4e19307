import { describe, expect, it } from 'vitest';
import { withTenant } from '../../src/base/context.js';
import { Cache, cached, cacheKeyPart, escapePattern } from '../../src/reliability/index.js';

describe('cache keys', () => {
  const cache = new Cache();
  const read = cached(
    { ttlSeconds: 60, key: 'doc:{owner}:{id}', cache },
    async ({ owner, id }: { owner: string; id: string }) => `${owner}/${id}`,
  );

  it.each([
    [
      { owner: 'a:b', id: 'c' },
      { owner: 'a', id: 'b:c' },
    ],
    [
      { owner: 'a%3Ab', id: 'c' },
      { owner: 'a:b', id: 'c' },
    ],
    [
      { owner: 'a\nb', id: 'c' },
      { owner: 'a b', id: 'c' },
    ],
    [
      { owner: '', id: ':' },
      { owner: ':', id: '' },
    ],
  ])('of different values are different: %j and %j', async (one, other) => {
    expect(await read(one)).toBe(`${one.owner}/${one.id}`);
    expect(await read(other)).toBe(`${other.owner}/${other.id}`);
  });

  it('of a value cannot reach into a tenant, nor a tenant into another', async () => {
    const first = cached({ ttlSeconds: 60, key: '{name}:x', cache }, async ({ name }: { name: string }) => name);
    await withTenant('t1', () => cache.set('x', 'tenant secret'));
    expect(await cache.get('x')).toBeNull();
    expect(await withTenant('t2', () => cache.get('x'))).toBeNull();
    for (const name of ['~tenant:t1', '~tenant', 'tenant:t1']) expect(await first({ name })).toBe(name);
    expect(await cache.get('~tenant:t1:x')).toBeNull();
    expect(await cache.deletePattern('~tenant:t1:*')).toBe(0);
    expect(await withTenant('t1:x', () => cache.get(''))).toBeNull();
    expect(await withTenant('t*', () => cache.deletePattern('*'))).toBe(0);
    expect(await withTenant('t1', () => cache.get('x'))).toBe('tenant secret');
  });

  it('made of a value match only themselves in a pattern', async () => {
    for (const id of ['*', '1', '?', '[1]', '\\']) await cache.set(`user:${cacheKeyPart(id)}:a`, id);
    expect(await cache.deletePattern(`user:${cacheKeyPart('*')}:*`)).toBe(1);
    expect(await cache.deletePattern(`user:${escapePattern('?')}:*`)).toBe(0);
    expect(await cache.get(`user:${cacheKeyPart('1')}:a`)).toBe('1');
  });

  it('keep plain ids as they are', () => {
    for (const id of ['123', '0191-ab', 'ann@example.com', 'ü', 42, true, 10n])
      expect(cacheKeyPart(id)).toBe(String(id));
  });

  it('match hostile patterns in no time', async () => {
    const many = new Cache();
    await many.set('a'.repeat(2_000), 1);
    const start = performance.now();
    expect(await many.deletePattern(`${'*a'.repeat(500)}b`)).toBe(0);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
