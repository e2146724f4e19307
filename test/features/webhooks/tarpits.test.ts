import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelWebhookDelivery } from '../../../src/features/webhooks/index.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { hang, openReceiver, type Receiver } from './receiver.js';
import { openRig, type WebhookRig } from './webhook-rig.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const OTHERS = 10;
const EVENTS = 100;

/** The mock takes its time, so it stands beside one database alone. */
const databasesBeside = ({ name }: (typeof REDIS_BACKENDS)[number]) =>
  name === 'mock' ? SQL_BACKENDS.slice(0, 1) : SQL_BACKENDS;

for (const redis of REDIS_BACKENDS) {
  for (const sql of databasesBeside(redis)) {
    describe(`receivers that hang (${sql.name}, ${redis.name})`, { timeout: 90_000 }, () => {
      let rig: WebhookRig;
      let good: Receiver;
      let tarpit: Receiver;

      beforeEach(async () => {
        good = await openReceiver();
        tarpit = await openReceiver(hang);
        rig = await openRig(sql, redis, { timeoutSeconds: 85 });
      });
      afterEach(async () => {
        await tarpit.close();
        await good.close();
        await rig.close();
      });

      it('delay none of 1,000 deliveries to others', async () => {
        const hanging = await rig.create({ url: tarpit.url, events: ['stuck', 'tick'] });
        for (let event = 0; event < 20; event++) await rig.trigger('stuck');
        await expect.poll(() => tarpit.open, PATIENCE).toBe(1);
        for (let other = 0; other < OTHERS; other++)
          await rig.create({ url: `${good.url}/${other}`, events: ['tick'] });
        for (let event = 0; event < EVENTS; event++) await rig.trigger('tick', { event });
        await expect.poll(() => good.received.length, PATIENCE).toBe(OTHERS * EVENTS);
        expect(new Set(good.received.map(({ headers }) => headers['webhook-id'])).size).toBe(OTHERS * EVENTS);
        // All that while, one request hung, and what is behind it waits.
        expect([tarpit.open, tarpit.received.length]).toEqual([1, 1]);
        const waiting = { webhookId: hanging.id, status: 'pending' } as const;
        expect(await KernelWebhookDelivery.count({ where: waiting, db: rig.db })).toBe(20 + EVENTS - 1);
      });

      it('of which there are many leave places for those that answer', async () => {
        const known = await rig.create({ url: good.url, events: ['known', 'all'] });
        await rig.trigger('known');
        await expect.poll(async () => (await rig.only(known.id)).status, PATIENCE).toBe('succeeded');
        for (let index = 0; index < 49; index++) await rig.create({ url: `${tarpit.url}/${index}`, events: ['stuck'] });
        for (let event = 0; event < 3; event++) await rig.trigger('stuck');
        await expect.poll(() => tarpit.open, PATIENCE).toBe(49);
        for (let event = 0; event < 50; event++) await rig.trigger('known');
        await expect.poll(() => good.received.length, PATIENCE).toBe(51);
        expect([tarpit.open, tarpit.received.length]).toEqual([49, 49]);
      });
    });
  }
}
