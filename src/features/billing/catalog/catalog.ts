import { NotFoundError, ValidationError } from '../../../base/errors.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';
import { assertPrice, assertProduct } from './check-catalog.js';
import { BillingPrice, BillingProduct, type PriceInterval, type ProductType } from './entities.js';

export interface ProductInput {
  name: string;
  slug: string;
  description?: string | null;
  features?: readonly string[];
  metadata?: Readonly<Record<string, string>>;
  active?: boolean;
  /** Default `subscription`. */
  productType?: ProductType;
  /** Default whether it is `physical`. */
  shippable?: boolean;
}

export interface PriceInput {
  productId: string;
  /** In the currency’s smallest unit. */
  amountCents: number;
  /** Default that of the settings. */
  currency?: string;
  /** Left out: it is paid once. */
  interval?: PriceInterval | null;
  /** Every so many intervals; default 1. */
  intervalCount?: number;
  nickname?: string | null;
  metadata?: Readonly<Record<string, string>>;
  active?: boolean;
  /** Whether the price suits its product, and whether there is one, is left to the caller and the database. Default false. */
  skipProductValidation?: boolean;
}

export type ProductChanges = Partial<Omit<ProductInput, 'slug' | 'productType'>>;

export interface ProductFilter {
  /** Default true. */
  activeOnly?: boolean;
  productType?: ProductType | undefined;
}

export interface PriceFilter {
  productId?: string;
  /** Default true. */
  activeOnly?: boolean;
}

export interface CatalogOptions {
  db?: SessionHandle | undefined;
  /** Default `usd`. */
  currency?: string;
  /** Called once a change is committed, so that Stripe gets to know of it. */
  onChange?: (() => void) | undefined;
}

/** Products and prices, as this service keeps them; Stripe is told afterwards. */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #on: { db?: SessionHandle };

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#on = options.db ? { db: options.db } : {};
  }

  /** Makes the product, or sets what is given of the one with this slug: a seed may say it at every start. */
  async createProduct(input: ProductInput): Promise<BillingProduct> {
    assertProduct(input);
    const { features, metadata, shippable, ...rest } = input;
    const row = {
      ...rest,
      ...(features && { features: [...features] }),
      ...(metadata && { metadata: { ...metadata } }),
      ...((shippable !== undefined || input.productType) && {
        shippable: shippable ?? input.productType === 'physical',
      }),
    };
    return this.#changing(() => BillingProduct.save(row, { matchBy: 'slug', ...this.#on }));
  }

  getProduct(id: string): Promise<BillingProduct | null> {
    return BillingProduct.get(id, this.#on);
  }

  getProductBySlug(slug: string): Promise<BillingProduct | null> {
    return BillingProduct.findOne({ where: { slug }, ...this.#on });
  }

  listProducts({ activeOnly = true, productType }: ProductFilter = {}): Promise<BillingProduct[]> {
    const where = { ...(activeOnly && { active: true }), ...(productType && { productType }) };
    return BillingProduct.find({ where, orderBy: { id: 'asc' }, ...this.#on });
  }

  /** @throws NotFoundError */
  async updateProduct(id: string, changes: ProductChanges): Promise<BillingProduct> {
    assertProduct(changes);
    const { features, metadata, ...rest } = changes;
    const row = {
      ...rest,
      ...(features && { features: [...features] }),
      ...(metadata && { metadata: { ...metadata } }),
    };
    const product = await this.#changing(() => BillingProduct.update(id, row, this.#on));
    if (!product) throw new NotFoundError('Product not found');
    return product;
  }

  /** Takes it off sale; who has it keeps it. @throws NotFoundError */
  deactivateProduct(id: string): Promise<BillingProduct> {
    return this.updateProduct(id, { active: false });
  }

  /**
   * Makes the price, or answers with the one of the same terms: a seed may say it at every start.
   * @throws NotFoundError for an unknown product, ValidationError for terms that do not suit it
   */
  async createPrice(input: PriceInput): Promise<BillingPrice> {
    const { interval = null, intervalCount = 1, metadata, skipProductValidation = false, ...rest } = input;
    const currency = (input.currency ?? this.#options.currency ?? 'usd').toLowerCase();
    assertPrice({ ...input, currency });
    const terms = [input.productId, input.amountCents, currency, interval ?? 'once', intervalCount].join(':');
    return this.#changing(async () => {
      if (!skipProductValidation) await this.#assertSuits(input.productId, interval);
      const row = { ...rest, currency, interval, intervalCount, terms, ...(metadata && { metadata: { ...metadata } }) };
      return BillingPrice.save(row, { matchBy: 'terms', ...this.#on });
    });
  }

  getPrice(id: string): Promise<BillingPrice | null> {
    return BillingPrice.get(id, this.#on);
  }

  listPrices({ productId, activeOnly = true }: PriceFilter = {}): Promise<BillingPrice[]> {
    const where = { ...(productId && { productId }), ...(activeOnly && { active: true }) };
    return BillingPrice.find({ where, orderBy: { id: 'asc' }, ...this.#on });
  }

  /** Takes it off sale; who pays it goes on paying it. @throws NotFoundError */
  async deactivatePrice(id: string): Promise<BillingPrice> {
    const price = await this.#changing(() => BillingPrice.update(id, { active: false }, this.#on));
    if (!price) throw new NotFoundError('Price not found');
    return price;
  }

  #changing<T>(change: () => Promise<T>): Promise<T> {
    return dbContext(async (tx) => {
      const { onChange } = this.#options;
      if (onChange) tx.afterCommit(onChange);
      return change();
    }, this.#on);
  }

  async #assertSuits(productId: string, interval: PriceInterval | null): Promise<void> {
    const product = await this.getProduct(productId);
    if (!product) throw new NotFoundError('Product not found');
    if ((product.productType === 'subscription') === (interval !== null)) return;
    const msg = interval
      ? `"${product.slug}" is paid once: leave the interval out`
      : `"${product.slug}" is a subscription: give an interval`;
    throw new ValidationError([{ loc: ['body', 'interval'], msg, type: 'billing' }]);
  }
}
