import { Entity, Field, Model } from '../../../orm/index.js';

/** An event of Stripe that has had its effect: written in the same transaction, so that it has it once. */
@Entity({ table: 'billing_event', history: false })
export class BillingEvent extends Model {
  @Field({ type: 'string', nullable: false, unique: true }) stripeEventId!: string;
  @Field({ type: 'string', nullable: false }) type!: string;
  @Field({ type: 'datetime', nullable: false, index: true }) receivedAt!: Date;
}
