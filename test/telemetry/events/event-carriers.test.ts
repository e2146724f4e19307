import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, type RedisConnection } from '../../../src/redis/index.js';
import { type EventBatch, type EventCarrier, EventQueue, textOf } from '../../../src/telemetry/events/event-queue.js';
import { LocalEventQueue } from '../../../src/telemetry/events/local-event-queue.js';
import { FILE_PREFIX, freshPrefix, REDIS_BACKENDS, removeKeys } from '../../setup/servers.js';

const MANY = 1_000;
const LEASE_MS = 30_000;

function texts(...ids: string[]): string[] {
  return ids.map((id, index) => textOf({ id }, 1_700_000_000_000 + index));
}

/** The same rules wherever events wait. */
function describeCarrier(name: string, open: () => EventCarrier): void {
  describe(`events that wait in ${name}`, () => {
    let queue: EventCarrier;

    beforeEach(() => {
      queue = open();
    });

    async function taken(size = 10): Promise<EventBatch> {
      const batch = await queue.take(size, LEASE_MS);
      if (!batch) throw new Error('There was nothing to take');
      return batch;
    }

    it('are lent oldest first, each once, and are gone once they are settled', async () => {
      expect(await queue.push(texts('a', 'b', 'c'), MANY)).toBe(true);
      const first = await taken(2);
      expect(first).toMatchObject({ taken: 1, failures: 0, texts: texts('a', 'b') });
      expect(await queue.state()).toEqual({ waiting: 1, taken: 2, dead: 0, oldestAt: 1_700_000_000_000 });
      const second = await taken();
      expect(second.texts).toEqual(texts('a', 'b', 'c').slice(2));
      expect(await queue.take(10, LEASE_MS)).toBeUndefined();
      await queue.settle(first);
      await queue.settle(second);
      expect(await queue.state()).toEqual({ waiting: 0, taken: 0, dead: 0, oldestAt: undefined });
    });

    it('are taken all or none where they would be too many', async () => {
      expect(await queue.push(texts('a', 'b'), 3)).toBe(true);
      expect(await queue.push(texts('c', 'd'), 3)).toBe(false);
      expect(await queue.push(texts('c'), 3)).toBe(true);
      expect((await taken()).texts).toHaveLength(3);
    });

    it('are lent again once their lease is over, and not before, nor where it is renewed', async () => {
      await queue.push(texts('a'), MANY);
      const batch = await queue.take(10, 300);
      expect(await queue.take(10, 300)).toBeUndefined();
      await queue.renew(batch as EventBatch, 1_200);
      await wait(500);
      expect(await queue.take(10, 300)).toBeUndefined();
      await wait(900);
      expect(await queue.take(10, LEASE_MS)).toMatchObject({ id: batch?.id, taken: 2, failures: 0 });
    });

    it('are lent again after they were released, with their failures', async () => {
      await queue.push(texts('a', 'b'), MANY);
      const batch = await taken();
      await queue.release(batch, { delayMs: 0, failures: 1 });
      await queue.push(texts('c'), MANY);
      expect(await taken()).toEqual({ ...batch, taken: 1, failures: 1 });
      await queue.release(batch, { delayMs: 60_000, failures: 0 });
      expect((await taken()).texts).toEqual(texts('c'));
      await queue.settle(batch);
      await queue.release(batch, { delayMs: 0, failures: 1 });
      expect(await queue.take(10, LEASE_MS)).toBeUndefined();
    });

    it('are split in halves, and buried one by one', async () => {
      await queue.push(texts('a', 'b', 'c'), MANY);
      await queue.split(await taken(), 2);
      const halves = [await taken(), await taken()];
      expect(halves.map(({ texts: half }) => half.length).sort()).toEqual([1, 2]);
      for (const half of halves) expect(half).toMatchObject({ taken: 1, failures: 2 });
      const [one, two] = halves.sort((a, b) => a.texts.length - b.texts.length) as [EventBatch, EventBatch];
      expect(await queue.bury(one, one.texts[0] ?? '', 'it is broken', 2)).toBe(true);
      expect(await queue.bury(two, two.texts[0] ?? '', 'so is this', 2)).toBe(true);
      expect(await queue.bury(two, two.texts[1] ?? '', 'no room is left', 2)).toBe(false);
      expect(await queue.state()).toMatchObject({ waiting: 0, taken: 1, dead: 2 });
    });

    it('are dead in the order of their deaths, until somebody replays or drops them', async () => {
      await queue.push([...texts('a', 'b'), 'no event'], MANY);
      const batch = await taken();
      for (const text of batch.texts) {
        await queue.bury(batch, text, `of ${text.slice(-4)}`, MANY);
        await wait(3);
      }
      const letters = await queue.dead({ limit: 10, offset: 0 });
      expect(letters.map(({ event }) => event)).toEqual([{ id: 'a' }, { id: 'b' }, undefined]);
      expect(letters[0]).toMatchObject({ id: 'a', reason: 'of "a"}', diedAt: expect.any(Date) });
      expect(await queue.dead({ limit: 1, offset: 1 })).toEqual([letters[1]]);
      expect(await queue.deadIds(2)).toEqual(['a', 'b']);
      expect(await queue.unbury(['b', 'unknown'], { replay: true })).toBe(1);
      expect(await queue.unbury(['a'], { replay: false })).toBe(1);
      expect((await taken()).texts).toEqual([batch.texts[1]]);
      expect(await queue.state()).toMatchObject({ waiting: 0, taken: 1, dead: 1 });
    });
  });
}

describeCarrier('this process', () => new LocalEventQueue());

for (const { name, url } of REDIS_BACKENDS) {
  describe(name, () => {
    let redis: RedisConnection;

    beforeAll(async () => {
      redis = await connectRedis({ url });
    });
    afterAll(async () => {
      await redis.close();
      if (url) await removeKeys(url, FILE_PREFIX);
    });

    describeCarrier(`Redis (${name})`, () => new EventQueue(redis.client, freshPrefix(), 'carried'));
  });
}
