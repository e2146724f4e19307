import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventTrigger, KernelWebhook, KernelWebhookDelivery } from '../../../src/features/webhooks/index.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { openReceiver, type Receiver } from './receiver.js';
import { openRig, type WebhookRig } from './webhook-rig.js';

const PATIENCE = { timeout: 10_000, interval: 10 };

for (const sql of SQL_BACKENDS) {
  for (const redis of REDIS_BACKENDS) {
    describe(`webhook deliveries of several processes (${sql.name}, ${redis.name})`, () => {
      let rig: WebhookRig;
      let receiver: Receiver;

      beforeEach(async () => {
        receiver = await openReceiver();
        rig = await openRig(sql, redis);
      });
      afterEach(async () => {
        await receiver.close();
        await rig.close();
      });

      const attempts = (count: number) => expect.poll(() => receiver.received.length, PATIENCE).toBe(count);

      it('that Redis forgot, or whose sender died, are found and sent', async () => {
        const webhook = await rig.create({ url: receiver.url });
        const unheard = new EventTrigger({ db: rig.db, clock: rig.clock });
        const [lost] = await unheard.trigger(rig.workspaceId, { event: 'lost' });
        await rig.later(5_000);
        expect(receiver.received).toHaveLength(0);
        await rig.later(6_000);
        await attempts(1);
        expect(receiver.received[0]?.headers['webhook-id']).toBe(lost);
        await expect.poll(async () => (await rig.only(webhook.id)).status, PATIENCE).toBe('succeeded');
        await KernelWebhookDelivery.update(
          lost ?? '',
          { status: 'sending', attempt: 2, nextAttemptAt: new Date(rig.clock.now() + 30_000) },
          { db: rig.db },
        );
        await rig.later(29_000);
        expect(receiver.received).toHaveLength(1);
        await rig.later(12_000);
        await attempts(2);
        expect(receiver.received[1]?.headers['webhook-id']).toBe(lost);
      });

      it('are found whoever else has some, and never answers', async () => {
        const { id, workspaceId, secrets } = await rig.create({ url: receiver.url });
        const row = { workspaceId, url: receiver.url, secrets };
        const others = await KernelWebhook.saveMany(Array(700).fill(row), { db: rig.db });
        const due = { event: 'a', payload: '{}', nextAttemptAt: new Date(rig.clock.now()) };
        const ids = [id, ...others.map((other) => other.id)];
        await KernelWebhookDelivery.saveMany(
          ids.map((webhookId) => ({ ...due, webhookId })),
          { db: rig.db },
        );
        const found: string[] = [];
        vi.spyOn(rig.queue, 'enqueueMany').mockImplementation(async (jobs) => {
          found.push(...jobs.map(({ data }) => (data as { webhookId: string }).webhookId));
          return []; // every job gets lost
        });
        for (let look = 0; look < 2; look++) await rig.later(11_000);
        expect(found.toSorted()).toEqual(ids.toSorted());
        await rig.later(11_000);
        expect(found.slice(ids.length)).toEqual(found.slice(0, 500)); // and again from the beginning
      });

      it('are taken by one of those who want them at the same time', async () => {
        await rig.create({ url: receiver.url });
        const unheard = new EventTrigger({ db: rig.db, clock: rig.clock });
        const [id = ''] = await unheard.trigger(rig.workspaceId, { event: 'tick' });
        const claims = await Promise.all(
          Array.from({ length: 10 }, (_, index) => rig.deliveries.claim(id, 60_000 + index)),
        );
        expect(claims.filter(Boolean)).toMatchObject([{ id, attempt: 1, tries: 1, status: 'sending' }]);
        rig.clock.advance(61_000); // whoever took it has died
        expect(await rig.deliveries.claim(id, 60_000)).toMatchObject({ attempt: 2 });
      });

      it('are sent once, however many processes and jobs go for them', async () => {
        const known = await rig.create({ url: receiver.url });
        const others = [rig.openProcess(), rig.openProcess()];
        try {
          const unheard = new EventTrigger({ db: rig.db, clock: rig.clock });
          const due: Array<{ deliveryId: string; webhookId: string }> = [];
          for (let event = 0; event < 20; event++)
            for (const deliveryId of await unheard.trigger(rig.workspaceId, { event: 'tick' }))
              due.push({ deliveryId, webhookId: known.id });
          await Promise.all([rig, ...others].map(({ dispatcher }) => dispatcher.announce([...due, ...due])));
          const count = (status: 'succeeded') => KernelWebhookDelivery.count({ where: { status }, db: rig.db });
          await expect.poll(() => count('succeeded'), PATIENCE).toBe(20);
          await expect.poll(async () => (await rig.queue.stats()).waiting, PATIENCE).toBe(0);
          expect(receiver.received.map(({ headers }) => headers['webhook-id']).sort()).toEqual(
            due.map(({ deliveryId }) => deliveryId).sort(),
          );
        } finally {
          for (const { dispatcher } of others) await dispatcher.stop({ timeoutMs: 1_000 });
        }
      });

      it('rotations at the same time leave one new secret, and the old one beside it', async () => {
        const { id, secret } = await rig.create({ url: receiver.url });
        const rotations = await Promise.allSettled(
          Array.from({ length: 4 }, () => rig.webhooks.rotate(rig.workspaceId, id)),
        );
        const done = rotations.flatMap((one) => (one.status === 'fulfilled' ? [one.value?.secret] : []));
        for (const one of rotations)
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'E_CONFLICT' });
        const webhook = (await rig.webhooks.get(rig.workspaceId, id)) ?? expect.fail('it is gone');
        const secrets = rig.webhooks.secretsOf(webhook);
        expect(done).toContain(secrets[0]);
        expect([...secrets].sort()).toEqual([...done, secret].sort());
      });
    });
  }
}
