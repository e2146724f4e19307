import { KernelError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { SessionHandle } from '../../orm/index.js';
import { EventTrigger, type WebhookEvent } from './delivery/event-trigger.js';
import type { NewWebhook, WebhookStore, WebhookWithSecret } from './endpoints/webhook-store.js';
import type { KernelWebhook } from './entities.js';

interface OnDatabase {
  /** Default the database of the running kernel. */
  db?: SessionHandle;
}

export const webhookService: ServiceKey<WebhookStore> = serviceKey('webhooks');
export const eventTriggerService: ServiceKey<EventTrigger> = serviceKey('webhook events');

/**
 * An endpoint of the workspace, with its secret: `createWebhook(workspaceId, { url, events: ['deployment.*'] })`.
 * @throws ValidationError naming what makes no sense
 */
export async function createWebhook(
  workspaceId: string,
  { db, ...given }: NewWebhook & OnDatabase,
): Promise<WebhookWithSecret> {
  return runningStore().create(workspaceId, given, db && { db });
}

/** The endpoints of the workspace, the newest first, without their secrets. */
export async function listWebhooks(
  workspaceId: string,
  { db, ...options }: { includeDisabled?: boolean } & OnDatabase = {},
): Promise<KernelWebhook[]> {
  return runningStore().list(workspaceId, options, db && { db });
}

/**
 * Tells the endpoints of the workspace that something has happened: `triggerWebhookEvent(workspaceId, { event, data })`. They
 * hear of it as soon as the transaction is committed, or not at all; nothing here waits for them.
 * @returns the ids of the deliveries
 */
export async function triggerWebhookEvent(
  workspaceId: string,
  { db, ...event }: WebhookEvent & OnDatabase,
): Promise<string[]> {
  const trigger = ambientService(eventTriggerService) ?? new EventTrigger();
  return trigger.trigger(workspaceId, event, db && { db });
}

function runningStore(): WebhookStore {
  const store = ambientService(webhookService);
  if (store) return store;
  throw new KernelError('E_NOT_STARTED', 'No service with workspaces is running here; webhooks belong to one');
}
