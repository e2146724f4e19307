import {
  createWebhooksRouter,
  DeliveryStore,
  Dispatcher,
  EventTrigger,
  eventTriggerService,
  SealedSecrets,
  WebhookStore,
  webhookService,
} from '../../features/webhooks/index.js';
import { JobRegistry } from '../../jobs/index.js';
import { openWebhookQueue } from '../jobs/webhook-queue.js';
import type { Room, RoomOptions } from './room.js';

/** Webhooks belong to workspaces, so there are none without them. */
export function openWebhooks(options: RoomOptions): Room | undefined {
  const { settings, services, lifecycle, logger, kernel, engines, identity, parts } = options;
  const { enableWebhookRoutes, webhooksPrefix: prefix } = settings.features;
  const { database: db } = engines;
  const { saas } = identity;
  if (!db || !saas || !enableWebhookRoutes) return undefined;
  const { allowHttp, allowedNetworks, timeoutSeconds, retentionDays } = settings.webhooks;
  const { clock, webhookStandIn: standIn } = parts;
  const timed = clock && { clock };
  const secrets = new SealedSecrets(settings.auth.tokenSecret);
  const onCreate = () => dispatcher.expectWork();
  const webhooks = new WebhookStore({ db, secrets, targets: { allowHttp, allowedNetworks }, onCreate, ...timed });
  const deliveries = new DeliveryStore(db, clock);
  const registry = new JobRegistry();
  const dispatcher: Dispatcher = new Dispatcher({
    db,
    queue: openWebhookQueue({ ...options, registry }),
    registry,
    webhooks,
    deliveries,
    transport: { allowHttp, allowedNetworks, timeoutSeconds, standIn },
    retentionDays,
    services,
    logger,
    ...timed,
  });
  services.provide(webhookService, webhooks);
  services.provide(
    eventTriggerService,
    new EventTrigger({ db, announce: (due) => dispatcher.announce(due), ...timed }),
  );
  const isAdmin = (userId: string, workspaceId: string) => saas.members.isAdmin(workspaceId, userId);
  return {
    mount: (routes, at) =>
      routes.mount([createWebhooksRouter({ webhooks, deliveries, dispatcher, isAdmin, prefix })], at),
    start: () => {
      dispatcher.start();
      lifecycle.push('webhooks', () => dispatcher.stop({ timeoutMs: kernel.shutdownTimeLeftMs }));
    },
  };
}
