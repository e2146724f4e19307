import { Entity, Field, Model } from '../../../orm/index.js';
import { BillingPrice, BillingProduct, type ProductType } from '../catalog/entities.js';
import { BillingCustomer } from '../customers/entities.js';

export const ORDER_STATUSES = ['pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];
/** In these the product is the buyer's. */
export const PURCHASED_STATUSES: readonly OrderStatus[] = ['paid', 'shipped', 'delivered'];

export type ShippingAddress = Readonly<Record<string, string | null>>;

/** One product that is paid for once. */
@Entity({ table: 'billing_order', indexes: [['customerId', 'status']], checks: ['[quantity] >= 1'] })
export class BillingOrder extends Model {
  @Field({ type: 'string', nullable: false, references: () => BillingCustomer }) customerId!: string;
  @Field({ type: 'string', nullable: false, references: () => BillingPrice, index: true }) priceId!: string;
  @Field({ type: 'string', nullable: false, references: () => BillingProduct, index: true }) productId!: string;
  @Field({ type: 'integer', nullable: false, default: 1 }) quantity!: number;
  /** Of the whole order. */
  @Field({ type: 'integer', nullable: false }) amountCents!: number;
  @Field({ type: 'string', nullable: false, length: 3 }) currency!: string;
  @Field({ type: 'string', nullable: false, default: 'pending', length: 20, index: true }) status!: OrderStatus;
  @Field({ type: 'string', nullable: false, length: 20 }) productType!: ProductType;
  @Field({ type: 'json' }) shippingAddress?: ShippingAddress | null;
  @Field({ type: 'string' }) shippingName?: string | null;
  @Field({ type: 'string' }) trackingNumber?: string | null;
  @Field({ type: 'datetime' }) shippedAt?: Date | null;
  @Field({ type: 'datetime' }) deliveredAt?: Date | null;
  @Field({ type: 'string', index: true }) stripePaymentIntentId?: string | null;
  @Field({ type: 'string', unique: true }) stripeCheckoutSessionId?: string | null;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, string>;
}
