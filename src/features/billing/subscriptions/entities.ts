import { Entity, Field, Model } from '../../../orm/index.js';
import { BillingPrice } from '../catalog/entities.js';
import { BillingCustomer } from '../customers/entities.js';

export const SUBSCRIPTION_STATUSES = [
  'active',
  'past_due',
  'cancelled',
  'trialing',
  'incomplete',
  'unpaid',
  'paused',
] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];
/** In these it gives access; `past_due` is while Stripe still tries to collect. */
export const LIVE_STATUSES: readonly SubscriptionStatus[] = ['active', 'trialing', 'past_due'];
/** In these it is still there at Stripe, and may come back to life. */
export const OPEN_STATUSES: readonly SubscriptionStatus[] = [...LIVE_STATUSES, 'unpaid', 'paused'];

/** What Stripe said of a subscription when it was last asked. */
@Entity({ table: 'billing_subscription', indexes: [['customerId', 'status']] })
export class BillingSubscription extends Model {
  @Field({ type: 'string', nullable: false, references: () => BillingCustomer }) customerId!: string;
  /** Absent where Stripe bills a price that is not in the catalog; it then gives access to nothing. */
  @Field({ type: 'string', references: () => BillingPrice, index: true }) priceId?: string | null;
  @Field({ type: 'integer', nullable: false, default: 1 }) quantity!: number;
  @Field({ type: 'string', nullable: false, length: 20, index: true }) status!: SubscriptionStatus;
  @Field({ type: 'datetime' }) currentPeriodStart?: Date | null;
  @Field({ type: 'datetime' }) currentPeriodEnd?: Date | null;
  @Field({ type: 'datetime' }) trialEnd?: Date | null;
  @Field({ type: 'boolean', nullable: false, default: false }) cancelAtPeriodEnd!: boolean;
  @Field({ type: 'datetime' }) cancelledAt?: Date | null;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, string>;
  @Field({ type: 'string', nullable: false, unique: true }) stripeSubscriptionId!: string;
}
