import { z } from 'zod';
import type { ListedDelivery } from '../delivery/delivery-store.js';
import type { KernelWebhook, KernelWebhookDelivery } from '../entities.js';

const Moment = z.string().meta({ format: 'date-time' });
const Status = z.enum(['pending', 'sending', 'succeeded', 'failed']);
const WorkspaceId = z.string().min(1).max(64);

export const WorkspaceQuery = z.object({
  workspace_id: WorkspaceId.optional().describe('Default the caller’s personal workspace.'),
});
const Url = z.string().min(1).max(2_000);
const Events = z.array(z.string().min(1).max(100)).min(1).max(50);
const Description = z.string().max(1_000).nullish();
const Secret = z.string().max(200).optional();

export const NewWebhookBody = z.object({
  url: Url,
  description: Description,
  secret: Secret.describe('Default one with 256 random bits.'),
  events: Events.optional().describe('Names, with `*` for any run of characters. Default all.'),
  workspace_id: WorkspaceId.optional(),
});

export const WebhookChangesBody = z.object({
  url: Url.optional(),
  description: Description,
  events: Events.optional(),
  enabled: z.boolean().optional(),
});

export const RotateBody = z.object({
  secret: Secret,
  overlap_seconds: z
    .int()
    .min(0)
    .max(604_800)
    .default(86_400)
    .describe('How long the old secret goes on signing beside the new one.'),
});

export const RedeliverBody = z.object({ since: z.iso.datetime({ offset: true }) });

export const DeliveriesQuery = WorkspaceQuery.extend({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  status: Status.optional(),
  event: z.string().max(100).optional(),
  before: z.string().max(64).optional().describe('Only those older than this one.'),
});

export const WebhookResponse = z.object({
  id: z.string(),
  workspace_id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  events: z.array(z.string()),
  enabled: z.boolean(),
  disabled_reason: z.enum(['gone', 'failing']).nullable(),
  created_at: Moment,
  updated_at: Moment,
});
export const SecretWebhookResponse = WebhookResponse.extend({ secret: z.string().nullable() });

export const DeliveryResponse = z.object({
  id: z.string(),
  webhook_id: z.string(),
  event: z.string(),
  payload: z.json().describe('The data of the event.'),
  request_id: z.string().nullable().describe('Of the request that triggered it.'),
  status: Status,
  success: z.boolean(),
  attempt: z.int(),
  response_status: z.int().nullable(),
  duration_ms: z.int().nullable(),
  error: z.string().nullable(),
  next_attempt_at: Moment.nullable(),
  created_at: Moment,
});

export const DetailedDeliveryResponse = DeliveryResponse.extend({
  request_body: z.string(),
  attempts: z.array(
    z.object({
      number: z.int(),
      at: Moment,
      url: z.string(),
      request_headers: z.record(z.string(), z.string()),
      response_status: z.int().nullable(),
      response_body: z.string().nullable().describe('Its first 4 KiB.'),
      duration_ms: z.int(),
      error: z.string().nullable(),
    }),
  ),
});

export const TestResponse = z.object({
  success: z.boolean(),
  status_code: z.int().nullable(),
  duration_ms: z.int(),
  error: z.string().nullable(),
});

export function webhookOnWire(webhook: KernelWebhook): z.input<typeof WebhookResponse> {
  const { id, workspaceId, url, description, events, enabled, disabledReason, createdAt, updatedAt } = webhook;
  return {
    id,
    workspace_id: workspaceId,
    url,
    description: description ?? null,
    events,
    enabled,
    disabled_reason: disabledReason ?? null,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

export function deliveryOnWire(delivery: ListedDelivery): z.input<typeof DeliveryResponse> {
  const { id, webhookId, event, payload, status, success, attempt, error, nextAttemptAt, createdAt } = delivery;
  return {
    id,
    webhook_id: webhookId,
    event,
    request_id: delivery.requestId ?? null,
    payload: (JSON.parse(payload) as { data: z.input<typeof DeliveryResponse>['payload'] }).data,
    status,
    success,
    attempt,
    response_status: delivery.responseStatus ?? null,
    duration_ms: delivery.durationMs ?? null,
    error: error ?? null,
    next_attempt_at: status === 'pending' ? (nextAttemptAt?.toISOString() ?? null) : null,
    created_at: createdAt.toISOString(),
  };
}

export function detailsOnWire(delivery: KernelWebhookDelivery): z.input<typeof DetailedDeliveryResponse> {
  return {
    ...deliveryOnWire(delivery),
    request_body: delivery.payload,
    attempts: delivery.attempts.map(({ requestHeaders, status, responseBody, durationMs, ...rest }) => ({
      ...rest,
      request_headers: { ...requestHeaders },
      response_status: status,
      response_body: responseBody,
      duration_ms: durationMs,
    })),
  };
}
