import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../../src/base/errors.js';
import { connectRedis, type RedisConnection } from '../../../src/redis/index.js';
import { EventQueue, textOf } from '../../../src/telemetry/events/event-queue.js';
import type { EventHub, Publisher } from '../../../src/telemetry/events/index.js';
import { createMetrics } from '../../../src/telemetry/index.js';
import { FILE_PREFIX, freshPrefix, REDIS_BACKENDS, removeKeys } from '../../setup/servers.js';
import { hubOf, Ledger, type Note, note, notes } from './ledger.js';

for (const backend of REDIS_BACKENDS) {
  describe(`draining events on ${backend.name}`, () => {
    let redis: RedisConnection;
    let prefix: string;
    let ledger: Ledger;
    let hub: EventHub;
    let publisher: Publisher<Note>;
    let queue: EventQueue;

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
    });
    beforeEach(() => {
      prefix = freshPrefix();
      ledger = new Ledger();
      hub = hubOf(redis.client, prefix);
      publisher = hub.open(ledger);
      queue = new EventQueue(redis.client, prefix, 'notes');
    });
    afterEach(() => hub.close());
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, FILE_PREFIX);
    });

    /** Drains again and again, as retries come due, until nothing waits. */
    const drained = (by: EventHub = hub): Promise<void> =>
      vi.waitFor(async () => {
        await by.settle();
        const { waiting, taken } = await queue.state();
        expect(waiting + taken).toBe(0);
      }, 5_000);

    it('stores what was published, in order, a batch at a time', async () => {
      for (const each of notes(250)) publisher.push(each);
      expect(await hub.settle()).toBe(250);
      expect([...ledger.stored.values()]).toEqual(notes(250));
      expect(ledger.batches).toEqual([100, 100, 50]);
      const key = `${prefix}{admin:notes}`;
      const { client } = redis;
      expect([await client.llen(key), await client.zcard(`${key}:l`), await client.hlen(`${key}:t`)]).toEqual([
        0, 0, 0,
      ]);
    });

    it('pushes everything that comes in a while with one command', async () => {
      for (const each of notes(300)) publisher.push(each);
      expect(publisher.buffered).toBe(300);
      await publisher.flush();
      expect(publisher.buffered).toBe(0);
      expect(await queue.state()).toMatchObject({ waiting: 300, taken: 0, dead: 0 });
    });

    it('goes on at once while batches are full, and stores together what trickles in', async () => {
      const more = async (...texts: string[]): Promise<void> => {
        for (const text of texts) publisher.push(note(text));
        await publisher.flush();
      };
      hub = hubOf(redis.client, prefix, { pollMs: 500 });
      publisher = hub.open<Note>({
        key: 'notes',
        batchSize: 10,
        save: async (batch) => {
          if (batch.length === 5) await more('meanwhile');
          await ledger.save(batch);
        },
      });
      await more(...notes(25).map(({ text }) => text));
      hub.startDrains();
      await vi.waitFor(() => expect(ledger.stored.size).toBe(25));
      await more('late', 'later');
      await vi.waitFor(() => expect(ledger.stored.size).toBe(28), 5_000);
      expect(ledger.batches).toEqual([10, 10, 5, 3]);
    });

    it('goes on at once with what is left of a batch that has failed', async () => {
      hub = hubOf(redis.client, prefix, { pollMs: 60_000, retryMs: 0, maxFailures: 2 });
      publisher = hub.open(ledger);
      ledger.spoilt.add('note 5');
      for (const each of notes(8)) publisher.push(each);
      await publisher.flush();
      hub.startDrains();
      await vi.waitFor(() => expect(ledger.stored.size).toBe(7), 5_000);
    });

    it('drains by itself, also what is published later', async () => {
      hub = hubOf(redis.client, prefix, { pollMs: 5 });
      publisher = hub.open(ledger);
      hub.startDrains();
      publisher.push(note('first'));
      await vi.waitFor(() => expect(ledger.stored.size).toBe(1));
      publisher.push(note('second'));
      await vi.waitFor(() => expect(ledger.stored.size).toBe(2));
    });

    it('lends a batch whose drain died to another one, which stores each event once', async () => {
      for (const each of notes(3)) publisher.push(each);
      await publisher.flush();
      const lost = await queue.take(10, 1);
      await ledger.save((lost?.texts ?? []).slice(0, 2).map((text) => JSON.parse(text.slice(14)) as Note));
      await drained();
      expect([...ledger.stored.values()]).toEqual(notes(3));
      expect(ledger.batches).toEqual([2, 3]);
    });

    it('lends no batch twice while its lease lasts, however many drains there are', async () => {
      for (const each of notes(500)) publisher.push(each);
      await publisher.flush();
      const others = [hubOf(redis.client, prefix), hubOf(redis.client, prefix)];
      for (const other of others) other.open(ledger);
      const stored = await Promise.all([hub, ...others].map((each) => each.settle()));
      expect(stored.reduce((sum, count) => sum + count)).toBe(500);
      expect(ledger.batches.reduce((sum, count) => sum + count)).toBe(500);
    });

    it('keeps a batch for as long as it takes to store it', async () => {
      hub = hubOf(redis.client, prefix, { leaseMs: 600 });
      const other = hubOf(redis.client, prefix);
      let release = (): void => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let saves = 0;
      const save = (): Promise<void> => {
        saves += 1;
        return held;
      };
      const slow = { key: 'notes', save };
      publisher = hub.open(slow);
      other.open(ledger);
      publisher.push(note('slow'));
      const work = hub.settle();
      await vi.waitFor(() => expect(saves).toBe(1));
      const started = Date.now();
      while (Date.now() - started < 1_200) {
        expect(await other.settle()).toBe(0);
        await nextTurn(); // the in-memory engine leaves none to timers
      }
      release();
      expect(await work).toBe(1);
      expect(saves).toBe(1);
    });

    it('gives an event that came twice to its store once', async () => {
      publisher.push(note('again'));
      publisher.push(note('again'));
      await hub.settle();
      expect(ledger.batches).toEqual([1]);
    });

    it('keeps everything while the store is away, and takes nothing of it for dead', async () => {
      ledger.faults = Array.from({ length: 12 }, () => new ConnectionError('the store is away'));
      for (const each of notes(30)) publisher.push(each);
      hub = hubOf(redis.client, prefix, { maxFailures: 2, retryMs: 0.001 });
      hub.open(ledger);
      await publisher.flush();
      await drained(hub);
      expect(ledger.stored.size).toBe(30);
      expect(await hub.deadLetters('notes').count()).toBe(0);
    });

    it('buries the one event that cannot be stored, and stores all that came with it', async () => {
      ledger.spoilt.add('note 41');
      for (const each of notes(100)) publisher.push(each);
      await drained();
      expect(ledger.stored.size).toBe(99);
      const letters = await hub.deadLetters('notes').list();
      expect(letters).toEqual([
        { id: 'id of note 41', event: note('note 41'), reason: 'cannot store note 41', diedAt: expect.any(Date) },
      ]);
    });

    it('replays dead letters once their fault is mended, or drops them', async () => {
      for (const each of notes(4)) ledger.spoilt.add(each.text);
      for (const each of notes(6)) publisher.push(each);
      await drained();
      const letters = hub.deadLetters('notes');
      expect(await letters.count()).toBe(4);
      expect((await letters.list({ limit: 2, offset: 1 })).length).toBe(2);
      ledger.spoilt.clear();
      expect(await letters.replay(['id of note 0', 'no such id'])).toBe(1);
      await drained();
      expect(ledger.stored.has('id of note 0')).toBe(true);
      expect(await letters.discard(['id of note 1'])).toBe(1);
      expect(await letters.replay()).toBe(2);
      await drained();
      expect(await letters.count()).toBe(0);
      expect(ledger.stored.size).toBe(5);
      await expect(letters.list({ limit: -1 })).rejects.toMatchObject({ code: 'E_DEAD_LETTERS' });
    });

    it('lets an event wait that it cannot even bury', async () => {
      hub = hubOf(redis.client, prefix, { deadCapacity: 0 });
      hub.open(ledger);
      ledger.spoilt.add('bad');
      publisher.push(note('bad'));
      await publisher.flush();
      await vi.waitFor(async () => {
        await hub.settle();
        expect(ledger.batches.length).toBeGreaterThanOrEqual(5);
      }, 5_000);
      expect(await queue.state()).toMatchObject({ waiting: 0, taken: 1, dead: 0 });
    });

    it('buries what is no event', async () => {
      await queue.push(['no JSON', '1 {"id":7}', textOf(note('good'), Date.now())], 10);
      await drained();
      expect([...ledger.stored.values()]).toEqual([note('good')]);
      const reasons = (await hub.deadLetters('notes').list()).map(({ reason }) => reason);
      expect(reasons).toEqual(Array(2).fill('it is not the JSON of an event with an id'));
    });

    it('isolates an event that kills its drain each time', async () => {
      for (const each of notes(4)) publisher.push(each);
      await publisher.flush();
      hub = hubOf(redis.client, prefix, { maxCrashes: 3 });
      const dies = async (events: readonly Note[]): Promise<void> => {
        if (events.some(({ text }) => text === 'note 2')) throw new Error('on purpose');
        await ledger.save(events);
      };
      hub.open({ key: 'notes', save: dies });
      // A drain that takes a batch and dies: nothing is heard of it again.
      await vi.waitFor(async () => {
        for (let deaths = 0; deaths < 4; deaths++) {
          const batch = await queue.take(10, 0);
          const isSpoilt = batch?.texts.some((text) => text.includes('note 2'));
          if (batch && !isSpoilt) await hub.settle();
        }
        await hub.settle();
        expect(await hub.deadLetters('notes').count()).toBe(1);
      }, 5_000);
      await drained();
      expect([...ledger.stored.keys()].sort()).toEqual(['id of note 0', 'id of note 1', 'id of note 3']);
    });

    it('says how far behind it is', async () => {
      const metrics = createMetrics({ defaultMetrics: false });
      const at = Date.now() - 90_000;
      await queue.push([textOf(note('old'), at)], 10);
      ledger.faults = [new ConnectionError('away')];
      hub = hubOf(redis.client, prefix, { metrics, retryMs: 60_000 });
      hub.open(ledger);
      await hub.settle();
      expect((await queue.state()).oldestAt).toBe(at);
      await hub.measure();
      const text = await metrics.render();
      expect(text).toMatch(/telemetry_events_waiting\{channel="notes"\} 1/);
      expect(Number(/telemetry_lag_seconds\{channel="notes"\} (\S+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(90);
    });
  });
}
