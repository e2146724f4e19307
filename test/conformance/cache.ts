import { describe, expect, it } from 'vitest';
import type { CacheBackend } from '../../src/reliability/index.js';

/** What every cache that keeps something does. `advance` lets time pass for the backend; it may really wait. */
export interface CacheSubject {
  open(): Promise<CacheBackend>;
  advance(ms: number): Promise<void>;
  /** Enough keys for a pattern to be worked off in several steps, where the engine can do that. */
  manyKeys: number;
}

/** The suite that each cache backend must pass. */
export function describeCache(name: string, { open, advance, manyKeys }: CacheSubject): void {
  describe(`the cache on ${name}`, () => {
    it('answers null for a key that was never set', async () => {
      const cache = await open();
      expect(await cache.get('missing')).toBeNull();
      expect(await cache.exists('missing')).toBe(false);
    });

    it.each([
      ['text', 'a "quoted" ü 😀 \u0000 text'],
      ['an empty text', ''],
      ['a number', 12.5],
      ['false', false],
      ['nested data', { a: [1, { b: null }], c: 'd' }],
      ['a date', { at: new Date('2026-01-02T03:04:05.678Z') }],
      ['a bigint', 2n ** 60n],
      ['data that looks like an encoded date', { $date: 'not a date' }],
      ['data that looks like encoded data', { a: [{ $value: [['x', { $bigint: '1' }]] }] }],
      ['text that looks like a lease', 'lease:abc'],
    ])('gives back %s as it was', async (_kind, value) => {
      const cache = await open();
      await cache.set('key', value);
      expect(await cache.get('key')).toEqual(value);
      expect(await cache.exists('key')).toBe(true);
    });

    it('gives back a copy, so that changing it changes nothing', async () => {
      const cache = await open();
      const list = [1];
      await cache.set('list', list);
      list.push(2);
      const first = (await cache.get('list')) as number[];
      first.push(3);
      expect(await cache.get('list')).toEqual([1]);
    });

    it('names a value that cannot be kept', async () => {
      const cache = await open();
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      await expect(cache.set('circle', circle)).rejects.toMatchObject({ code: 'E_CACHE_VALUE' });
      await expect(cache.set('map', [new Map([['a', 1]])])).rejects.toMatchObject({ code: 'E_CACHE_VALUE' });
      expect(await cache.get('map')).toBeNull();
    });

    it('overwrites', async () => {
      const cache = await open();
      await cache.set('key', 1);
      await cache.set('key', 2);
      expect(await cache.get('key')).toBe(2);
    });

    it('forgets a value after its time, and keeps one without a time', async () => {
      const cache = await open();
      await cache.set('long', 1, 60);
      await cache.set('ever', 1);
      await cache.set('short', 1, 0.3);
      expect(await cache.get('short')).toBe(1);
      await advance(350);
      expect(await cache.get('short')).toBeNull();
      expect(await cache.exists('short')).toBe(false);
      expect(await cache.get('long')).toBe(1);
      expect(await cache.get('ever')).toBe(1);
    });

    it('says on delete whether there was a value', async () => {
      const cache = await open();
      await cache.set('key', 1);
      expect(await cache.delete('key')).toBe(true);
      expect(await cache.delete('key')).toBe(false);
      expect(await cache.get('key')).toBeNull();
    });

    it('deletes what a pattern matches and nothing else', async () => {
      const cache = await open();
      for (const key of ['user:1', 'user:22', 'users', 'order:1', 'user*1', 'user[1]', 'user\\1'])
        await cache.set(key, 1);
      expect(await cache.deletePattern('user:?')).toBe(1);
      expect(await cache.deletePattern('user\\*1')).toBe(1);
      expect(await cache.deletePattern('user[1]')).toBe(1);
      expect(await cache.deletePattern('nobody:*')).toBe(0);
      expect(await cache.exists('user:22')).toBe(true);
      expect(await cache.deletePattern('user*')).toBe(3);
      expect(await cache.exists('order:1')).toBe(true);
    });

    it('deletes many keys by pattern', async () => {
      const cache = await open();
      await Promise.all(Array.from({ length: manyKeys }, (_, index) => cache.set(`many:${index}`, index)));
      expect(await cache.deletePattern('many:*')).toBe(manyKeys);
    });

    it('clears everything', async () => {
      const cache = await open();
      await cache.set('a', 1);
      await cache.set('b', 1);
      await cache.clear();
      expect(await cache.exists('a')).toBe(false);
      expect(await cache.exists('b')).toBe(false);
    });

    it('lets one caller compute a missing value and tells the others to wait', async () => {
      const cache = await open();
      const mine = await cache.claim('key', 10);
      expect(mine.state).toBe('leased');
      expect(await cache.claim('key', 10)).toEqual({ state: 'busy' });
      expect(await cache.get('key')).toBeNull();
      expect(await cache.exists('key')).toBe(false);
      if (mine.state !== 'leased') return;
      expect(await cache.fill('key', mine.lease, '"computed"', 60)).toBe(true);
      expect(await cache.claim('key', 10)).toEqual({ state: 'hit', text: '"computed"' });
      expect(await cache.get('key')).toBe('computed');
    });

    it('refuses a computed value whose key was deleted, set or claimed again meanwhile', async () => {
      const cache = await open();
      const deleted = await cache.claim('deleted', 10);
      await cache.delete('deleted');
      const swept = await cache.claim('swept', 10);
      await cache.deletePattern('swep*');
      const set = await cache.claim('set', 10);
      await cache.set('set', 'newer');
      const late = await cache.claim('late', 0.05);
      await advance(80);
      const next = await cache.claim('late', 10);
      for (const [key, claim] of Object.entries({ deleted, swept, set, late })) {
        if (claim.state !== 'leased') throw new Error(`no lease for ${key}`);
        expect(await cache.fill(key, claim.lease, '"stale"'), key).toBe(false);
      }
      expect(await cache.get('set')).toBe('newer');
      expect(await cache.get('deleted')).toBeNull();
      expect(next.state).toBe('leased');
    });

    it('gives a lease back only to its holder', async () => {
      const cache = await open();
      const claim = await cache.claim('key', 10);
      if (claim.state !== 'leased') throw new Error('no lease');
      await cache.abandon('key', 'lease:another');
      expect((await cache.claim('key', 10)).state).toBe('busy');
      await cache.abandon('key', claim.lease);
      expect((await cache.claim('key', 10)).state).toBe('leased');
    });
  });
}
