import { Entity, Field, Model } from '../../../orm/index.js';
import { BillingCustomer } from '../customers/entities.js';
import { BillingSubscription } from '../subscriptions/entities.js';

/** A bill that Stripe wrote. */
@Entity({ table: 'billing_invoice' })
export class BillingInvoice extends Model {
  @Field({ type: 'string', nullable: false, unique: true }) stripeInvoiceId!: string;
  @Field({ type: 'string', nullable: false, references: () => BillingCustomer, index: true }) customerId!: string;
  @Field({ type: 'string', references: () => BillingSubscription, index: true }) subscriptionId?: string | null;
  /** `draft`, `open`, `paid`, `uncollectible` or `void`. */
  @Field({ type: 'string', nullable: false, length: 20 }) status!: string;
  @Field({ type: 'integer', nullable: false }) amountDue!: number;
  @Field({ type: 'integer', nullable: false }) amountPaid!: number;
  @Field({ type: 'string', nullable: false, length: 3 }) currency!: string;
  @Field({ type: 'text' }) invoicePdf?: string | null;
  @Field({ type: 'text' }) hostedInvoiceUrl?: string | null;
  @Field({ type: 'datetime' }) periodStart?: Date | null;
  @Field({ type: 'datetime' }) periodEnd?: Date | null;
}
