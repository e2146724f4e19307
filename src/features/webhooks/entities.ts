import { Entity, Field, Model } from '../../orm/index.js';
import { KernelWorkspace } from '../saas/index.js';

/** Why an endpoint was switched off by itself: it answered 410, or nothing good for as long as a delivery is tried. */
export type DisabledReason = 'gone' | 'failing';

/** Where a workspace wants to hear of events. */
@Entity({ table: 'kernel_webhooks' })
export class KernelWebhook extends Model {
  @Field({ type: 'string', nullable: false, references: () => KernelWorkspace, onDelete: 'cascade', index: true })
  workspaceId!: string;
  @Field({ type: 'text', nullable: false }) url!: string;
  @Field({ type: 'text' }) description?: string | null;
  /** Patterns of the events it hears of. */
  @Field({ type: 'json', nullable: false, default: ['*'] }) events!: string[];
  @Field({ type: 'boolean', nullable: false, default: true }) enabled!: boolean;
  /** Null where somebody has switched it off. */
  @Field({ type: 'string', length: 20 }) disabledReason?: DisabledReason | null;
  /** Sealed: the secret, and those before it that still count. */
  @Field({ type: 'text', nullable: false }) secrets!: string;

  /** Leaves the secrets out. */
  override toJSON(): Record<string, unknown> {
    const { secrets: _secrets, ...visible } = super.toJSON();
    return visible;
  }
}

/** `pending` waits for its first or next attempt, `sending` has one under way. */
export type DeliveryStatus = 'pending' | 'sending' | 'succeeded' | 'failed';

/** One request, and what came of it. */
export interface DeliveryAttempt {
  /** 1, 2, 3… */
  number: number;
  /** ISO 8601. */
  at: string;
  url: string;
  requestHeaders: Readonly<Record<string, string>>;
  /** Null where there was no answer. */
  status: number | null;
  /** The beginning of the answer's body. */
  responseBody: string | null;
  durationMs: number;
  /** Null for a success. */
  error: string | null;
}

/** One event on its way to one endpoint. Its id is the `webhook-id`, the same in every attempt. */
@Entity({
  table: 'kernel_webhook_deliveries',
  history: false,
  indexes: [['webhookId', 'nextAttemptAt'], { fields: ['nextAttemptAt'], where: '[next_attempt_at] IS NOT NULL' }],
})
export class KernelWebhookDelivery extends Model {
  @Field({ type: 'string', nullable: false, references: () => KernelWebhook, onDelete: 'cascade' }) webhookId!: string;
  @Field({ type: 'string', nullable: false, length: 100 }) event!: string;
  /** The body as it is sent, byte for byte. */
  @Field({ type: 'text', nullable: false }) payload!: string;
  /** Of the request that triggered it, or whose job did. */
  @Field({ type: 'string' }) requestId?: string | null;
  @Field({ type: 'string', nullable: false, default: 'pending', length: 20 }) status!: DeliveryStatus;
  @Field({ type: 'boolean', nullable: false, default: false }) success!: boolean;
  /** When the endpoint took it. */
  @Field({ type: 'datetime' }) deliveredAt?: Date | null;
  /** Attempts in all. */
  @Field({ type: 'integer', nullable: false, default: 0 }) attempt!: number;
  /** Attempts since it was triggered, or asked for again. */
  @Field({ type: 'integer', nullable: false, default: 0 }) tries!: number;
  /** When it is due. While it is sent: when whoever sends it is taken to have died. Null once it has ended. */
  @Field({ type: 'datetime' }) nextAttemptAt?: Date | null;
  /** Of the last attempt, as all that follows. */
  @Field({ type: 'integer' }) responseStatus?: number | null;
  @Field({ type: 'text' }) responseBody?: string | null;
  @Field({ type: 'integer' }) durationMs?: number | null;
  @Field({ type: 'text' }) error?: string | null;
  /** The latest attempts, oldest first. */
  @Field({ type: 'json', nullable: false, default: [] }) attempts!: DeliveryAttempt[];
}
