import { Entity, Field, Model } from '../../../orm/index.js';

/** A user as Stripe knows them. */
@Entity({ table: 'billing_customer' })
export class BillingCustomer extends Model {
  @Field({ type: 'string', nullable: false, unique: true }) userId!: string;
  @Field({ type: 'string', nullable: false }) email!: string;
  @Field({ type: 'string' }) name?: string | null;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, string>;
  @Field({ type: 'string', unique: true }) stripeCustomerId?: string | null;
}

/** A card or the like that a customer has left at Stripe; of its number only the last digits are known. */
@Entity({ table: 'billing_payment_method' })
export class BillingPaymentMethod extends Model {
  @Field({ type: 'string', nullable: false, references: () => BillingCustomer, onDelete: 'cascade', index: true })
  customerId!: string;
  @Field({ type: 'string', nullable: false, unique: true }) stripePaymentMethodId!: string;
  @Field({ type: 'string', nullable: false }) type!: string;
  @Field({ type: 'string', length: 4 }) cardLast4?: string | null;
  @Field({ type: 'string' }) cardBrand?: string | null;
}
