import { z } from 'zod';
import { ConflictError, NotFoundError } from '../../../base/errors.js';
import { createRouter, rateLimit, type TypedRouter, type UserIdentity } from '../../../http/index.js';
import type { DeliveryStore } from '../delivery/delivery-store.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { KernelWebhook } from '../entities.js';
import {
  DeliveriesQuery,
  DeliveryResponse,
  DetailedDeliveryResponse,
  deliveryOnWire,
  detailsOnWire,
  RedeliverBody,
  TestResponse,
  WorkspaceQuery,
} from './schemas.js';
import { MANAGERS, managed, unknownWebhook, type WebhookRoutesOptions } from './webhook-routes.js';

export interface DeliveryRoutesOptions extends WebhookRoutesOptions {
  deliveries: DeliveryStore;
  dispatcher: Pick<Dispatcher, 'announce' | 'goOnWith' | 'sendTest'>;
}

/** Requests of ours to a server of theirs, a minute: nobody shall make us knock more often. */
const TESTS_PER_MINUTE = 20;

/** What was sent to an endpoint, and sending it again. */
export function createDeliveryRoutes(options: DeliveryRoutesOptions): TypedRouter {
  const { webhooks, deliveries, dispatcher, prefix } = options;
  const router: TypedRouter = createRouter({ prefix, tags: ['webhooks'] });
  const auth = MANAGERS;

  const endpoint = async (user: UserIdentity, id: string): Promise<KernelWebhook> => {
    const webhook = await webhooks.get(managed(user), id);
    if (!webhook) throw unknownWebhook();
    return webhook;
  };
  const switchedOn = async (user: UserIdentity, id: string): Promise<KernelWebhook> => {
    const webhook = await endpoint(user, id);
    if (!webhook.enabled) throw new ConflictError('The webhook is switched off; enable it first');
    return webhook;
  };

  router.get(
    '/:webhookId/deliveries',
    { auth, query: DeliveriesQuery, response: z.array(DeliveryResponse), summary: 'Deliveries, the newest first' },
    async ({ params, query, user }) => {
      const { id } = await endpoint(user, params.webhookId);
      return (await deliveries.list(id, query)).map(deliveryOnWire);
    },
  );

  router.get(
    '/:webhookId/deliveries/:deliveryId',
    { auth, query: WorkspaceQuery, response: DetailedDeliveryResponse, summary: 'One delivery with its attempts' },
    async ({ params, user }) => {
      const { id } = await endpoint(user, params.webhookId);
      const delivery = await deliveries.get(id, params.deliveryId);
      if (!delivery) throw new NotFoundError('Delivery not found');
      return detailsOnWire(delivery);
    },
  );

  router.post(
    '/:webhookId/test',
    {
      auth,
      query: WorkspaceQuery,
      response: TestResponse,
      use: [rateLimit(TESTS_PER_MINUTE)],
      summary: 'Send a test message now',
      description: 'It is in no log, and switches nothing off.',
    },
    async ({ params, user, signal }) => {
      const webhook = await endpoint(user, params.webhookId);
      const workspaceId = webhook.workspaceId;
      const data = { message: 'This is a test webhook', workspace_id: workspaceId, triggered_by: user.id };
      const { status, durationMs, error } = await dispatcher.sendTest(webhook, data, signal);
      return { success: error === null, status_code: status, duration_ms: durationMs, error };
    },
  );

  router.post(
    '/:webhookId/deliveries/:deliveryId/redeliver',
    {
      auth,
      query: WorkspaceQuery,
      response: DeliveryResponse,
      use: [rateLimit(TESTS_PER_MINUTE)],
      summary: 'Send a delivery again',
      description: 'It keeps its id, so that receivers know it.',
    },
    async ({ params, user }) => {
      const { id: webhookId } = await switchedOn(user, params.webhookId);
      const delivery = await deliveries.redeliver(webhookId, params.deliveryId);
      await dispatcher.announce([{ deliveryId: delivery.id, webhookId }]);
      return deliveryOnWire(delivery);
    },
  );

  router.post(
    '/:webhookId/redeliver',
    {
      auth,
      query: WorkspaceQuery,
      body: RedeliverBody,
      response: z.object({ deliveries: z.int() }),
      use: [rateLimit(TESTS_PER_MINUTE)],
      summary: 'Send again what has failed since a time',
    },
    async ({ params, body, user }) => {
      const { id } = await switchedOn(user, params.webhookId);
      const count = await deliveries.redeliverFailed(id, new Date(body.since));
      await dispatcher.goOnWith(id);
      return { deliveries: count };
    },
  );
  return router;
}
