import { createHash } from 'node:crypto';
import { NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import type { OnDatabase } from '../on-database.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { BillingPrice, BillingProduct } from './entities.js';

/** Tells Stripe of products and prices. What it knows already is not told again. */
export class CatalogSync {
  readonly #stripe: StripeAccess;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db }: { stripe: StripeAccess; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#on = db ? { db } : {};
  }

  /** Everything that has changed. @returns how many things Stripe was told */
  async syncCatalog({ db }: OnDatabase = {}): Promise<{ products: number; prices: number }> {
    const on = this.#at(db);
    const told = { products: 0, prices: 0 };
    for await (const product of BillingProduct.stream(on)) if (await this.#product(product, on)) told.products++;
    for await (const price of BillingPrice.stream(on)) if (await this.#price(price, on)) told.prices++;
    return told;
  }

  /** @returns Stripe’s id of it. @throws NotFoundError, ConnectionError */
  async syncProduct(id: string, { db }: OnDatabase = {}): Promise<string> {
    const on = this.#at(db);
    const product = await BillingProduct.get(id, on);
    if (!product) throw new NotFoundError('Product not found');
    await this.#product(product, on);
    return product.id;
  }

  /** With its product. @returns Stripe’s id of it. @throws NotFoundError, ConnectionError */
  async syncPrice(id: string, { db }: OnDatabase = {}): Promise<string> {
    const on = this.#at(db);
    const price = await BillingPrice.get(id, on);
    if (!price) throw new NotFoundError('Price not found');
    await this.syncProduct(price.productId, on);
    return (await this.#price(price, on)) ?? (price.stripePriceId as string);
  }

  #at(db: SessionHandle | undefined): { db?: SessionHandle } {
    return db ? { db } : this.#on;
  }

  /** Products have our own id at Stripe as well: one that was made by a try whose answer got lost is found again. */
  async #product(product: BillingProduct, on: { db?: SessionHandle }): Promise<boolean> {
    const params = {
      name: product.name,
      description: product.description ?? '',
      active: product.active,
      shippable: product.shippable,
      metadata: { ...product.metadata, local_id: product.id, slug: product.slug },
    };
    const stripeState = this.#stateOf(params);
    if (product.stripeProductId && product.stripeState === stripeState) return false;
    const { description, ...rest } = params;
    const known = await this.#stripe.find((stripe) => stripe.products.update(product.id, params));
    if (!known) {
      const created = { ...rest, id: product.id, ...(description && { description }) };
      const key = { idempotencyKey: `app-kernel:product:${product.id}:${stripeState}` };
      await this.#stripe.ask((stripe) => stripe.products.create(created, key));
    }
    await BillingProduct.update(product.id, { stripeProductId: product.id, stripeState }, on);
    return true;
  }

  /** @returns Stripe’s id of it; `null` where there was nothing to tell */
  async #price(price: BillingPrice, on: { db?: SessionHandle }): Promise<string | null> {
    const params = {
      active: price.active,
      nickname: price.nickname ?? '',
      metadata: { ...price.metadata, local_id: price.id },
    };
    const stripeState = this.#stateOf(params);
    if (price.stripePriceId && price.stripeState === stripeState) return null;
    const tell = (id: string) => this.#stripe.find((stripe) => stripe.prices.update(id, params));
    const known = price.stripePriceId && (await tell(price.stripePriceId));
    const stripePriceId = known ? known.id : await this.#createPrice(price);
    if (!known) await tell(stripePriceId);
    await BillingPrice.update(price.id, { stripePriceId, stripeState }, on);
    return stripePriceId;
  }

  /** Made with nothing but its terms, which never change, and under a key of its own: once, however often it is tried. */
  async #createPrice(price: BillingPrice): Promise<string> {
    const { data } = await this.#stripe.ask((stripe) => stripe.prices.list({ lookup_keys: [price.id], limit: 1 }));
    if (data[0]) return data[0].id;
    const created = await this.#stripe.ask((stripe) =>
      stripe.prices.create(
        {
          product: price.productId,
          unit_amount: price.amountCents,
          currency: price.currency,
          lookup_key: price.id,
          metadata: { local_id: price.id },
          ...(price.interval && { recurring: { interval: price.interval, interval_count: price.intervalCount } }),
        },
        { idempotencyKey: `app-kernel:price:${price.id}` },
      ),
    );
    return created.id;
  }

  /** What Stripe was told, and which of its two modes: the live one knows nothing of what the test mode was told. */
  #stateOf(params: object): string {
    return createHash('sha256')
      .update(JSON.stringify([this.#stripe.mode, params]))
      .digest('hex');
  }
}
