export { DeliveryStore, type DueDelivery } from './delivery/delivery-store.js';
export { DELIVERY_TASK, Dispatcher } from './delivery/dispatcher.js';
export { EventTrigger, type WebhookEvent } from './delivery/event-trigger.js';
export type { Transport, WebhookRequest, WebhookStandIn } from './delivery/send-message.js';
export { SealedSecrets } from './endpoints/sealed-secrets.js';
export { type NewWebhook, WebhookStore, type WebhookWithSecret } from './endpoints/webhook-store.js';
export { KernelWebhook, KernelWebhookDelivery } from './entities.js';
export { createWebhooksRouter } from './routes/create-webhooks-router.js';
export { verifyWebhookSignature, type WebhookHeaders } from './signature.js';
export {
  createWebhook,
  eventTriggerService,
  listWebhooks,
  triggerWebhookEvent,
  webhookService,
} from './webhooks.js';
