import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHandedOver } from '../../../src/jobs/format/idle-workers.js';
import type { JobQueue } from '../../../src/jobs/index.js';
import type { RedisClient } from '../../../src/redis/index.js';
import { gate, QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

/** A worker that looks unasked only once in a while: what happens sooner, happened because it was told. */
const PATIENT = { pollMs: 60_000, heartbeatMs: 60_000, reapMs: 60_000, leaseMs: 120_000 };
const FAR = Date.now() + 3_600_000;

for (const backend of BACKENDS) {
  describe(`a worker that stands by (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    const offers = (): Promise<string[]> => fixture.queue.redis.zrange(fixture.queue.keys.idle, 0, -1);
    const standsBy = (id: string) => until(async () => ((await offers()).includes(id) ? true : undefined), 'an offer');

    /** As if a worker stood by; what it is told is collected. */
    async function listener(id: string, { offer = 1, leaseEnd = FAR, isListening = true } = {}) {
      const { redis, keys } = fixture.queue;
      const heard: string[] = [];
      const client = fixture.connection.open('events');
      if (isListening) {
        client.on('message', (_channel, message) => void heard.push(message));
        await client.subscribe(keys.giveChannel(id));
      }
      await redis.zadd(keys.workers, leaseEnd, id);
      await redis.zadd(keys.idle, offer, id);
      return { heard, close: () => client.disconnect() };
    }

    /** Keeps the messages of some channels from the workers of a queue until they are let through. */
    function withheld(channels: string): { queue: JobQueue; messages: unknown[][]; letThrough(): void } {
      const messages: unknown[][] = [];
      const listeners: Array<(...message: unknown[]) => void> = [];
      const openSubscriber = (): RedisClient => {
        const client = fixture.connection.open('events');
        const on = client.on.bind(client) as (event: string, listener: (...values: unknown[]) => void) => RedisClient;
        const intercept = (event: string, listener: (...values: unknown[]) => void): RedisClient => {
          if (event !== 'message') return on(event, listener);
          listeners.push(listener);
          return on(event, (...message) =>
            String(message[0]).includes(channels) ? void messages.push(message) : listener(...message),
          );
        };
        return Object.assign(client, { on: intercept });
      };
      const letThrough = (): void => {
        for (const message of messages.splice(0)) for (const listener of listeners) listener(...message);
      };
      return { queue: fixture.client({ openSubscriber, registry: fixture.registry }), messages, letThrough };
    }

    it('is handed the next job with all that it needs to run it', async () => {
      const { heard, close } = await listener('idle', { offer: 7 });
      fixture.registry.register('work', () => {});
      const { jobId } = await fixture.queue.enqueue('work', { n: 1 }, { priority: 'high' });
      await until(() => (heard.length === 1 ? true : undefined), 'the message');
      const { offer, claim, envelope } = readHandedOver(heard[0] ?? '');
      expect(offer).toBe(7);
      const { redis, keys } = fixture.queue;
      expect(await redis.lrange(keys.processing('idle'), 0, -1)).toEqual([claim]);
      expect(claim).toMatch(new RegExp(`^\\d{13}:H${jobId}$`));
      expect(envelope).toBe(await redis.hget(keys.jobs, jobId));
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 0, running: 1 });
      expect(await offers()).toEqual([]);
      close();
    });

    it('begins a job that nobody woke it for, and stands by again', async () => {
      const ran: unknown[] = [];
      fixture.registry.register('work', (data) => void ran.push(data));
      const { queue, messages } = withheld(':wake');
      const { id } = await fixture.worker({ queue, ...PATIENT });
      for (const n of [1, 2, 3]) {
        await standsBy(id);
        const { jobId } = await fixture.queue.enqueue('work', n);
        const job = await fixture.job(jobId, 'succeeded');
        expect(job.attempts).toBe(1);
      }
      expect(ran).toEqual([1, 2, 3]);
      expect(messages).toEqual([]);
    });

    it('is passed over where it does not listen, or its lease has ended', async () => {
      const deaf = await listener('deaf', { offer: 1, isListening: false });
      const expired = await listener('expired', { offer: 2, leaseEnd: 1 });
      const alive = await listener('alive', { offer: 3 });
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueue('work', 1);
      await until(() => (alive.heard.length === 1 ? true : undefined), 'the message');
      const { redis, keys } = fixture.queue;
      expect(await redis.llen(keys.processing('deaf'))).toBe(0);
      expect(await redis.llen(keys.processing('expired'))).toBe(0);
      await fixture.queue.enqueue('work', 2);
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 1, running: 1 });
      expect(expired.heard).toEqual([]);
      for (const { close } of [deaf, expired, alive]) close();
    });

    it('gets nothing past jobs that wait, nor from a queue that is paused', async () => {
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueue('work', 'waits');
      const idle = await listener('idle');
      await fixture.queue.enqueue('work', 'comes later');
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 2, running: 0 });
      await fixture.queue.pause();
      await fixture.queue.enqueue('work', 'is urgent', { priority: 'high' });
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 3, running: 0 });
      await fixture.queue.resume();
      await fixture.queue.enqueue('work', 'can wait', { priority: 'low' });
      await until(() => (idle.heard.length === 1 ? true : undefined), 'the message');
      idle.close();
    });

    it('does not stand by where others know tasks that it does not, or its tasks have limits', async () => {
      const ran: unknown[] = [];
      fixture.registry.register('work', (data) => void ran.push(data), { concurrency: 1 });
      const { id } = await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('work', 'limited');
      await fixture.job(jobId, 'succeeded');
      expect(await offers()).not.toContain(id);
      const other = await QueueFixture.open(backend);
      other.registry.register('work', () => {});
      await other.queue.publishedTasks.publish(['work', 'rest']);
      const { id: narrow } = await other.worker();
      const { jobId: last } = await other.queue.enqueue('work');
      await other.job(last, 'succeeded');
      expect(await other.queue.redis.zrange(other.queue.keys.idle, 0, -1)).not.toContain(narrow);
      await other.dispose();
    });

    it('finds with its next step a job whose message was lost, and runs it once however late it comes', async () => {
      const ran: unknown[] = [];
      fixture.registry.register('work', (data) => void ran.push(data));
      const { queue, messages, letThrough } = withheld(':give:');
      const { id } = await fixture.worker({ queue, pollMs: 300 });
      await standsBy(id);
      const { jobId } = await fixture.queue.enqueue('work', 'first');
      const job = await fixture.job(jobId, 'succeeded');
      expect(job).toMatchObject({ attempts: 1, crashes: 0 });
      expect(messages).toHaveLength(1);
      await standsBy(id);
      letThrough(); // the job has ended, and another offer is open
      const { jobId: second } = await fixture.queue.enqueue('work', 'second');
      await fixture.job(second, 'succeeded');
      expect(ran).toEqual(['first', 'second']);
      expect(await fixture.queue.stats()).toMatchObject({ running: 0, waiting: 0, totals: { succeeded: 2 } });
    });

    it('gives back, unbumped, what it was handed as it stopped, and stands by no more', async () => {
      const ran: unknown[] = [];
      fixture.registry.register('work', (data) => void ran.push(data));
      const { queue } = withheld(':give:');
      const worker = await fixture.worker({ queue, ...PATIENT });
      await standsBy(worker.id);
      const { jobId } = await fixture.queue.enqueue('work', 'handed over');
      await worker.stop();
      expect(ran).toEqual([]);
      expect(await offers()).toEqual([]);
      expect(await fixture.queue.get(jobId)).toMatchObject({ status: 'queued', attempts: 0, crashes: 0 });
      await fixture.worker();
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ attempts: 1, crashes: 0 });
    });

    it('keeps jobs from no other worker while it runs one', async () => {
      const { opened, open } = gate();
      const ran: unknown[] = [];
      fixture.registry.register('work', async (data) => {
        ran.push(data);
        if (data === 'long') await opened;
      });
      const busy = await fixture.worker({ ...PATIENT, concurrency: 5 });
      await standsBy(busy.id);
      await fixture.queue.enqueue('work', 'long');
      await until(() => (ran.length === 1 ? true : undefined), 'the long job');
      expect(await offers()).toEqual([]);
      const { jobId } = await fixture.queue.enqueue('work', 'short');
      await fixture.job(jobId, 'succeeded');
      open();
    });
  });
}
