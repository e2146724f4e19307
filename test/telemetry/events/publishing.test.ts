import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../../src/base/errors.js';
import type { Logger } from '../../../src/base/ports.js';
import { connectRedis, type RedisConnection } from '../../../src/redis/index.js';
import { EventQueue } from '../../../src/telemetry/events/event-queue.js';
import type { EventHub, Publisher } from '../../../src/telemetry/events/index.js';
import { createMetrics, type KernelMetrics } from '../../../src/telemetry/index.js';
import { FAULT_REDIS, FILE_PREFIX, freshPrefix, REDIS_BACKENDS, removeKeys } from '../../setup/servers.js';
import { hubOf, Ledger, type Note, note, notes } from './ledger.js';

/** A logger that keeps what is said. */
function listening(): { logger: Logger; said: string[] } {
  const said: string[] = [];
  const say = (fields: object | string, message?: string): void => void said.push(message ?? String(fields));
  const logger: Logger = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say, child: () => logger };
  return { logger, said };
}

const figure = async (metrics: KernelMetrics, name: string): Promise<number> =>
  Number(new RegExp(`^${name}\\{channel="notes"\\} (\\S+)`, 'm').exec(await metrics.render())?.[1] ?? 0);

for (const backend of REDIS_BACKENDS) {
  describe(`publishing events on ${backend.name}`, () => {
    let redis: RedisConnection;
    let prefix: string;
    let ledger: Ledger;
    let hub: EventHub;

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
    });
    beforeEach(() => {
      prefix = freshPrefix();
      ledger = new Ledger();
      hub = hubOf(redis.client, prefix);
    });
    afterEach(() => hub.close());
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, FILE_PREFIX);
    });

    it('stores directly what a queue that is full does not take', async () => {
      const metrics = createMetrics({ defaultMetrics: false });
      hub = hubOf(redis.client, prefix, { queueCapacity: 10, metrics });
      const publisher = hub.open(ledger);
      for (const each of notes(8, 'early')) publisher.push(each);
      await publisher.flush();
      for (const each of notes(8, 'late')) publisher.push(each);
      await publisher.flush();
      expect([...ledger.stored.values()]).toEqual(notes(8, 'late'));
      expect(await new EventQueue(redis.client, prefix, 'notes').state()).toMatchObject({ waiting: 8 });
      expect(await figure(metrics, 'telemetry_events_direct_total')).toBe(8);
      expect(await figure(metrics, 'telemetry_events_pushed_total')).toBe(8);
    });

    it('refuses what is no JSON and what comes after its end, and says so', async () => {
      const metrics = createMetrics({ defaultMetrics: false });
      const { logger, said } = listening();
      hub = hubOf(redis.client, prefix, { metrics, logger });
      const publisher = hub.open(ledger) as Publisher<Note & { endless?: unknown }>;
      const endless: Note & { endless?: unknown } = note('endless');
      endless.endless = endless;
      publisher.push(endless);
      publisher.push(note('good'));
      expect(await hub.settle()).toBe(1);
      expect(await figure(metrics, 'telemetry_events_refused_total')).toBe(1);
      expect(said).toContain('Events are refused: it cannot be written as JSON');
      await hub.close();
      expect(publisher.push(note('too late'))).toBe(false);
      expect(await figure(metrics, 'telemetry_events_refused_total')).toBe(2);
    });

    it('pushes what still waits when it is closed', async () => {
      const publisher = hub.open(ledger);
      publisher.push(note('last'));
      await hub.close();
      expect(await new EventQueue(redis.client, prefix, 'notes').state()).toMatchObject({ waiting: 1 });
    });

    it('refuses a channel twice, unknown channels and senseless limits', () => {
      hub.open(ledger);
      expect(() => hub.open(ledger)).toThrow(/registered already/);
      expect(() => hub.deadLetters('other')).toThrow(/No channel "other".* notes/);
      expect(() => hubOf(redis.client, prefix, { bufferSize: -1 }).open(ledger)).toThrow(/bufferSize/);
    });
  });
}

for (const server of FAULT_REDIS) {
  describe(`publishing events without Redis (${server.name})`, () => {
    const opened = async (options: Parameters<typeof hubOf>[2], ledger: Ledger) => {
      const child = await server.start();
      const redis = await connectRedis({ url: child.url, socketTimeoutSeconds: 1, socketConnectTimeoutSeconds: 1 });
      const hub = hubOf(redis.client, '', options);
      return { child, redis, hub, publisher: hub.open(ledger) };
    };

    it('keeps events until Redis is back', async () => {
      const ledger = new Ledger();
      const { child, redis, hub, publisher } = await opened({ directAfterMs: 600_000 }, ledger);
      try {
        await child.kill();
        for (const each of notes(20)) publisher.push(each);
        await publisher.flush();
        expect(publisher.buffered).toBe(20);
        expect(ledger.stored.size).toBe(0);
        await child.start();
        await vi.waitFor(() => expect(publisher.buffered).toBe(0), 12_000);
        await vi.waitFor(async () => expect(await hub.settle()).toBe(20), 5_000);
        expect([...ledger.stored.values()]).toEqual(notes(20));
      } finally {
        await redis.close();
        await child.close();
      }
    });

    it('stores them directly when Redis stays away, and refuses them loudly where that fails as well', async () => {
      const ledger = new Ledger();
      const metrics = createMetrics({ defaultMetrics: false });
      const { logger, said } = listening();
      const limits = { directAfterMs: 50, bufferSize: 30, metrics, logger };
      const { child, redis, hub, publisher } = await opened(limits, ledger);
      try {
        await child.kill();
        publisher.push(note('direct'));
        await vi.waitFor(() => expect(ledger.stored.size).toBe(1), 8_000);
        expect(await figure(metrics, 'telemetry_events_direct_total')).toBe(1);

        ledger.save = () => Promise.reject(new ConnectionError('the store is away as well'));
        const taken = notes(40, 'kept').map((each) => publisher.push(each));
        expect(taken.filter((isTaken) => isTaken)).toHaveLength(30);
        expect(await figure(metrics, 'telemetry_events_refused_total')).toBe(10);
        expect(said.filter((line) => line === 'Events are refused: the buffer is full')).toHaveLength(1);
        await hub.close();
        expect(publisher.buffered).toBe(0);
        expect(await figure(metrics, 'telemetry_events_refused_total')).toBe(40);
      } finally {
        await redis.close();
        await child.close();
      }
    });
  });
}
