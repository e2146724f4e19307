import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectRedis, type RedisConnection } from '../../../src/redis/index.js';
import { EventQueue } from '../../../src/telemetry/events/event-queue.js';
import type { EventHub } from '../../../src/telemetry/events/index.js';
import { RedisCluster } from '../../setup/redis-cluster.js';
import { FAULT_REDIS } from '../../setup/servers.js';
import { hubOf, Ledger, notes } from './ledger.js';

/** As many channels as are likely to be on several masters. */
const CHANNELS = ['audit_events', 'metering_events', 'notes', 'one', 'two', 'three'];
const COUNT = 300;

describe.each(FAULT_REDIS)(
  'events on a cluster of three masters with replicas ($name)',
  { timeout: 90_000 },
  ({ start }) => {
    let cluster: RedisCluster;
    let redis: RedisConnection;
    let ledgers: Map<string, Ledger>;
    const hubs: EventHub[] = [];

    beforeEach(async () => {
      cluster = await RedisCluster.open(start);
      redis = await connectRedis({ url: cluster.url, socketTimeoutSeconds: 2 });
      ledgers = new Map(CHANNELS.map((channel) => [channel, new Ledger()]));
    }, 60_000);
    afterEach(async () => {
      await Promise.all(hubs.splice(0).map((hub) => hub.close()));
      await redis.close();
      await cluster.close();
    });

    /** A process that publishes and drains: all of them store in the same ledgers. */
    function open(prefix = 'app:'): EventHub {
      const hub = hubOf(redis.client, prefix, { leaseMs: 1_000, maxFailures: 2, directAfterMs: 60_000 });
      for (const [key, ledger] of ledgers) hub.open({ key, save: ledger.save, batchSize: 50 });
      hubs.push(hub);
      return hub;
    }
    function publish(hub: EventHub, name: string): void {
      for (const key of CHANNELS) for (const each of notes(COUNT, name)) hub.publisher(key).push(each);
    }
    const nothingWaits = (hub: EventHub): Promise<void> =>
      vi.waitFor(
        async () => {
          await hub.settle();
          for (const channel of CHANNELS) {
            const { waiting, taken } = await hub.state(channel);
            expect([channel, waiting, taken, hub.publisher(channel).buffered]).toEqual([channel, 0, 0, 0]);
          }
        },
        { timeout: 60_000, interval: 200 },
      );

    it('are stored, on whichever master their channel is, and what cannot be is kept and tried again', async () => {
      const hub = open();
      const masters = await Promise.all(CHANNELS.map((channel) => cluster.masterOf(`app:{admin:${channel}}`)));
      expect(new Set(masters).size).toBeGreaterThan(1);
      for (const ledger of ledgers.values()) ledger.spoilt.add('note 7');
      publish(hub, 'note');
      await nothingWaits(hub);
      for (const [channel, ledger] of ledgers) {
        expect(ledger.stored.size, channel).toBe(COUNT - 1);
        ledger.spoilt.clear();
        expect(await hub.deadLetters(channel).list()).toMatchObject([{ event: { text: 'note 7' } }]);
        expect(await hub.deadLetters(channel).replay()).toBe(1);
      }
      await nothingWaits(hub);
      for (const [channel, ledger] of ledgers) expect(ledger.stored.size, channel).toBe(COUNT);
    });

    it('are lent again where their drain was gone, and all stored also where a master dies', async () => {
      const hub = open();
      publish(hub, 'before');
      await hub.flush();
      const queue = new EventQueue(redis.client, 'app:', 'audit_events');
      expect((await queue.take(50, 200))?.texts).toHaveLength(50); // and never heard of again
      const master = await cluster.masterOf('app:{admin:audit_events}');
      await cluster.replicated(master);
      await master.kill();
      publish(hub, 'during');
      open().startDrains();
      hub.startDrains();
      await nothingWaits(hub);
      for (const [channel, ledger] of ledgers) expect(ledger.stored.size, channel).toBe(2 * COUNT);
    });
  },
);
