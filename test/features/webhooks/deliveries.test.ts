import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelWorkspace } from '../../../src/features/saas/index.js';
import { KernelWebhook, KernelWebhookDelivery } from '../../../src/features/webhooks/index.js';
import { dbContext } from '../../../src/orm/index.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { answering, openReceiver, type Receiver } from './receiver.js';
import { openRig, type WebhookRig } from './webhook-rig.js';

const HOUR = 3_600_000;
const PATIENCE = { timeout: 10_000, interval: 10 };

for (const sql of SQL_BACKENDS) {
  for (const redis of REDIS_BACKENDS) {
    describe(`webhook deliveries (${sql.name}, ${redis.name})`, () => {
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

      const statusOf = async (webhookId: string) => (await rig.only(webhookId)).status;
      const attempts = (count: number) => expect.poll(() => receiver.received.length, PATIENCE).toBe(count);
      const pending = (webhookId: string, attempt: number) =>
        expect
          .poll(async () => {
            const delivery = await rig.only(webhookId);
            return [delivery.status, delivery.attempt];
          }, PATIENCE)
          .toEqual(['pending', attempt]);

      it('reach those endpoints of the workspace that hear of the event, signed, and are logged', async () => {
        const all = await rig.create({ url: `${receiver.url}/all` });
        const some = await rig.create({ url: `${receiver.url}/some?x=1`, events: ['deployment.*', 'other'] });
        await rig.create({ url: `${receiver.url}/none`, events: ['build.*'] });
        const off = await rig.create({ url: `${receiver.url}/off` });
        await rig.webhooks.update(rig.workspaceId, off.id, { enabled: false });
        const ids = await rig.trigger('deployment.succeeded', { service: 'api', version: 42 });
        expect(ids).toHaveLength(2);
        await attempts(2);
        const at = (path: string) => receiver.received.find((one) => one.path === path) ?? expect.fail(path);
        expect(receiver.received.map(({ path }) => path).sort()).toEqual(['/all', '/some?x=1']);
        for (const [webhook, { headers, body }] of [[all, at('/all')] as const, [some, at('/some?x=1')] as const]) {
          const sent = {
            event: 'deployment.succeeded',
            data: { service: 'api', version: 42 },
            timestamp: expect.any(String),
          };
          expect(new Webhook(webhook.secret ?? '').verify(body, headers)).toEqual(sent);
          expect(ids).toContain(headers['webhook-id']);
          expect(headers).toMatchObject({
            'content-type': 'application/json',
            'x-webhook-event': 'deployment.succeeded',
          });
        }
        await expect.poll(() => statusOf(all.id), PATIENCE).toBe('succeeded');
        expect(await rig.only(all.id)).toMatchObject({
          success: true,
          attempt: 1,
          responseStatus: 200,
          error: null,
          nextAttemptAt: null,
          attempts: [{ number: 1, url: `${receiver.url}/all`, status: 200, error: null }],
        });
      });

      it('are tried again for about three days, by the same id and with a fresh signature', async () => {
        receiver.answer = answering(500, 'out of order');
        const webhook = await rig.create({ url: receiver.url });
        const began = rig.clock.now();
        await rig.trigger('tick');
        for (let attempt = 1; attempt < 10; attempt++) {
          await attempts(attempt);
          await pending(webhook.id, attempt);
          const { nextAttemptAt } = await rig.only(webhook.id);
          await rig.later((nextAttemptAt?.getTime() ?? 0) - rig.clock.now() - 1);
          await rig.later(11_000);
        }
        await expect.poll(() => statusOf(webhook.id), PATIENCE).toBe('failed');
        await attempts(10);
        const tookHours = (rig.clock.now() - began) / HOUR;
        expect(tookHours).toBeGreaterThan(60);
        expect(tookHours).toBeLessThan(91);
        const times = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']));
        expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
        expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
        expect(new Set(times).size).toBe(10);
        expect(new Set(receiver.received.map(({ headers }) => headers['webhook-signature'])).size).toBe(10);
        expect((await rig.only(webhook.id)).attempts.at(-1)).toMatchObject({
          number: 10,
          status: 500,
          responseBody: 'out of order',
          error: 'Answered 500',
        });
        expect(await KernelWebhook.get(webhook.id, { db: rig.db })).toMatchObject({
          enabled: false,
          disabledReason: 'failing',
        });
        expect(await rig.trigger('tick')).toEqual([]);
      });

      it('a delivery that nobody takes switches nothing off where others get through meanwhile', async () => {
        receiver.answer = (response, { headers }) =>
          void response.writeHead(headers['x-webhook-event'] === 'bad' ? 400 : 200).end();
        const webhook = await rig.create({ url: receiver.url });
        await rig.trigger('bad');
        for (let attempt = 1; attempt < 10; attempt++) {
          await attempts(attempt);
          await pending(webhook.id, attempt);
          if (attempt === 9) break;
          await rig.later(30 * HOUR);
        }
        await rig.trigger('good');
        await attempts(10);
        await rig.later(30 * HOUR);
        await attempts(11);
        const count = (status: 'succeeded' | 'failed') =>
          KernelWebhookDelivery.count({ where: { webhookId: webhook.id, status }, db: rig.db });
        await expect.poll(() => count('failed'), PATIENCE).toBe(1);
        expect(await count('succeeded')).toBe(1);
        expect((await KernelWebhook.getOrThrow(webhook.id, { db: rig.db })).enabled).toBe(true);
      });

      it('an endpoint that answers 410 is switched off at once, and what waits for it ends', async () => {
        receiver.answer = answering(503, '', { 'retry-after': '3600' });
        const webhook = await rig.create({ url: receiver.url });
        await rig.trigger('first');
        await pending(webhook.id, 1);
        const { nextAttemptAt } = await rig.only(webhook.id);
        expect(nextAttemptAt?.getTime()).toBeGreaterThanOrEqual(rig.clock.now() + HOUR - 10);
        receiver.answer = answering(410);
        await rig.trigger('second');
        await expect.poll(() => statusOf(webhook.id), PATIENCE).toBe('failed');
        expect(await KernelWebhook.get(webhook.id, { db: rig.db })).toMatchObject({
          enabled: false,
          disabledReason: 'gone',
        });
        await rig.later(2 * HOUR);
        const list = async () => (await rig.deliveries.list(webhook.id)).map(({ status, error }) => [status, error]);
        await expect.poll(list, PATIENCE).toEqual([
          ['failed', 'Answered 410'],
          ['failed', 'The endpoint is switched off'],
        ]);
        expect(receiver.received).toHaveLength(2);
      });

      it('follow the transaction that triggered them', async () => {
        const webhook = await rig.create({ url: receiver.url });
        const undone = dbContext(
          async () => {
            await rig.trigger('undone');
            throw new Error('on purpose');
          },
          { db: rig.db },
        );
        await expect(undone).rejects.toThrow('on purpose');
        await dbContext(
          async () => {
            await rig.trigger('done');
            const { waiting, running } = await rig.queue.stats();
            expect([waiting, running, receiver.received.length]).toEqual([0, 0, 0]);
          },
          { db: rig.db },
        );
        await attempts(1);
        expect(await rig.deliveries.list(webhook.id)).toHaveLength(1);
        expect(receiver.received[0]?.headers['x-webhook-event']).toBe('done');
      });

      it('are sent again when asked for: one, or all that failed since a time', async () => {
        receiver.answer = answering(410);
        const webhook = await rig.create({ url: receiver.url });
        await rig.trigger('one');
        await expect.poll(() => statusOf(webhook.id), PATIENCE).toBe('failed');
        await rig.webhooks.update(rig.workspaceId, webhook.id, { enabled: true });
        receiver.answer = answering(200);
        const { id } = await rig.only(webhook.id);
        const again = await rig.deliveries.redeliver(webhook.id, id);
        expect(again).toMatchObject({ status: 'pending', success: false });
        await rig.dispatcher.announce([{ deliveryId: id, webhookId: webhook.id }]);
        await expect.poll(() => statusOf(webhook.id), PATIENCE).toBe('succeeded');
        expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
        expect((await rig.only(webhook.id)).attempts.map(({ number, status }) => [number, status])).toEqual([
          [1, 410],
          [2, 200],
        ]);

        const where = { webhookId: webhook.id };
        await KernelWebhookDelivery.saveMany(
          Array.from({ length: 25 }, () => ({
            ...where,
            event: 'many',
            payload: '{"data":1}',
            status: 'failed' as const,
          })),
          { db: rig.db },
        );
        expect(await rig.deliveries.redeliverFailed(webhook.id, new Date(Date.now() + 60_000))).toBe(0);
        expect(await rig.deliveries.redeliverFailed(webhook.id, new Date(Date.now() - 60_000))).toBe(25);
        await rig.dispatcher.goOnWith(webhook.id);
        await attempts(27);
        await expect
          .poll(() => KernelWebhookDelivery.count({ where: { ...where, status: 'succeeded' }, db: rig.db }), PATIENCE)
          .toBe(26);
      });

      it('are signed with the old and the new secret while a rotation overlaps', async () => {
        const webhook = await rig.create({ url: receiver.url });
        const rotated = await rig.webhooks.rotate(rig.workspaceId, webhook.id, { overlapSeconds: 3_600 });
        const fits = async (index: number) => {
          await rig.trigger('tick');
          await attempts(index + 1);
          const { body, headers } = receiver.received[index] ?? expect.fail('nothing came');
          const {
            'webhook-id': id = '',
            'webhook-timestamp': timestamp,
            'webhook-signature': signatures = '',
          } = headers;
          const at = new Date(Number(timestamp) * 1_000);
          return [webhook, rotated].map((one) =>
            signatures.split(' ').includes(new Webhook(one?.secret ?? '').sign(id, at, body)),
          );
        };
        expect(await fits(0)).toEqual([true, true]);
        rig.clock.advance(HOUR + 1_000);
        expect(await fits(1)).toEqual([false, true]);
      });

      it('go with their workspace, and with their endpoint', async () => {
        const first = await rig.create({ url: receiver.url });
        await rig.create({ url: receiver.url });
        await rig.trigger('tick');
        await attempts(2);
        const left = async () => [
          await KernelWebhook.count({ db: rig.db, includeDeleted: true }),
          await KernelWebhookDelivery.count({ db: rig.db, includeDeleted: true }),
        ];
        expect(await left()).toEqual([2, 2]);
        expect(await rig.webhooks.delete(rig.workspaceId, first.id)).toBe(true);
        expect(await left()).toEqual([1, 1]);
        await KernelWorkspace.delete(rig.workspaceId, { db: rig.db });
        expect(await left()).toEqual([0, 0]);
      });

      it('that ended are forgotten after their time, those that wait are not', async () => {
        const webhook = await rig.create({ url: receiver.url });
        await rig.trigger('old');
        await expect.poll(() => statusOf(webhook.id), PATIENCE).toBe('succeeded');
        await rig.later(29 * 24 * HOUR);
        expect(await rig.deliveries.list(webhook.id)).toHaveLength(1);
        receiver.answer = answering(500);
        await rig.trigger('waits');
        await attempts(2);
        await pending(webhook.id, 1);
        await rig.later(2 * 24 * HOUR);
        await attempts(3);
        expect((await rig.deliveries.list(webhook.id)).map(({ event }) => event)).toEqual(['waits']);
      });
    });
  }
}
