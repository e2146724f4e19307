import { Entity, Field, Model } from '../../../orm/index.js';

export const PRODUCT_TYPES = ['subscription', 'one_time', 'physical'] as const;
export type ProductType = (typeof PRODUCT_TYPES)[number];
export const INTERVALS = ['day', 'week', 'month', 'year'] as const;
export type PriceInterval = (typeof INTERVALS)[number];

/** Something that is sold. */
@Entity({ table: 'billing_product' })
export class BillingProduct extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  /** What code and addresses call it. */
  @Field({ type: 'string', nullable: false, unique: true, length: 100 }) slug!: string;
  @Field({ type: 'text' }) description?: string | null;
  /** What its buyers may do, asked by `GET /billing/access/{feature}`. */
  @Field({ type: 'json', nullable: false, default: [] }) features!: string[];
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, string>;
  /** Whether it is on sale; those who have it keep it. */
  @Field({ type: 'boolean', nullable: false, default: true }) active!: boolean;
  @Field({ type: 'string', nullable: false, default: 'subscription', length: 20 }) productType!: ProductType;
  /** Whether the buyer is asked for an address. */
  @Field({ type: 'boolean', nullable: false, default: false }) shippable!: boolean;
  @Field({ type: 'string', unique: true }) stripeProductId?: string | null;
  /** What Stripe was last told, so that a start tells it only what has changed. */
  @Field({ type: 'string', length: 64 }) stripeState?: string | null;
}

/** What a product costs. Amount, currency and interval of a price never change; a new price takes its place. */
@Entity({ table: 'billing_price', checks: ['[amount_cents] >= 0', '[interval_count] >= 1'] })
export class BillingPrice extends Model {
  @Field({ type: 'string', nullable: false, references: () => BillingProduct, index: true }) productId!: string;
  /** In the currency’s smallest unit. */
  @Field({ type: 'integer', nullable: false }) amountCents!: number;
  /** ISO 4217, lower case. */
  @Field({ type: 'string', nullable: false, length: 3 }) currency!: string;
  /** Absent where it is paid once. */
  @Field({ type: 'string', length: 10 }) interval?: PriceInterval | null;
  @Field({ type: 'integer', nullable: false, default: 1 }) intervalCount!: number;
  @Field({ type: 'string' }) nickname?: string | null;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, string>;
  @Field({ type: 'boolean', nullable: false, default: true }) active!: boolean;
  /** Product, amount, currency and interval in one key: the same price is not made twice. */
  @Field({ type: 'string', nullable: false, unique: true }) terms!: string;
  @Field({ type: 'string', unique: true }) stripePriceId?: string | null;
  @Field({ type: 'string', length: 64 }) stripeState?: string | null;
}
