import { ValidationError, type ValidationIssue } from '../../../base/errors.js';
import type { PriceInput, ProductInput } from './catalog.js';
import { INTERVALS, PRODUCT_TYPES } from './entities.js';

/** Stripe takes no more in one payment. */
const LARGEST_AMOUNT = 99_999_999;
const MOST_ITEMS = 1_000;
/** No price may recur less often than every three years. */
const LONGEST: Readonly<Record<string, number>> = { day: 1_095, week: 156, month: 36, year: 3 };

type Refuse = (field: string, msg: string) => void;

/** @throws ValidationError naming every field that makes no sense. */
export function assertProduct(product: Partial<ProductInput>): void {
  assertAll((refuse) => {
    const { slug, name, productType, features, metadata } = product;
    if (slug !== undefined && !/^[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?$/.test(slug))
      refuse('slug', 'Write 1 to 100 lower-case letters, digits, "-" or "_"');
    if (name !== undefined && (name.trim() === '' || name.length > 250)) refuse('name', 'Write 1 to 250 characters');
    if (productType !== undefined && !PRODUCT_TYPES.includes(productType))
      refuse('product_type', `Choose one of ${PRODUCT_TYPES.join(', ')}`);
    if (features?.some((feature) => typeof feature !== 'string' || feature === '' || feature.length > 100))
      refuse('features', 'Name each feature in 1 to 100 characters');
    assertMetadata(metadata, refuse);
  });
}

/** @throws ValidationError naming every field that makes no sense. */
export function assertPrice(price: PriceInput): void {
  assertAll((refuse) => {
    const { amountCents, currency = 'usd', interval, intervalCount = 1, metadata } = price;
    if (!Number.isSafeInteger(amountCents) || amountCents < 0 || amountCents > LARGEST_AMOUNT)
      refuse('amount_cents', `Give a whole number from 0 to ${LARGEST_AMOUNT}, in the currency’s smallest unit`);
    if (!/^[a-z]{3}$/i.test(currency)) refuse('currency', 'Name it by its three letters: usd, eur, jpy');
    if (interval && !INTERVALS.includes(interval)) refuse('interval', `Choose one of ${INTERVALS.join(', ')}`);
    const most = interval ? (LONGEST[interval] ?? 1) : 1;
    if (!Number.isInteger(intervalCount) || intervalCount < 1 || intervalCount > most)
      refuse('interval_count', `Give a whole number from 1 to ${most}`);
    assertMetadata(metadata, refuse);
  });
}

/** @throws ValidationError */
export function assertQuantity(quantity: number, amountCents: number): void {
  assertAll((refuse) => {
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_ITEMS)
      refuse('quantity', `Give a whole number from 1 to ${MOST_ITEMS}`);
    else if (quantity * amountCents > LARGEST_AMOUNT) refuse('quantity', 'So many cost more than one payment can be');
  });
}

/** Stripe’s own limits. */
function assertMetadata(metadata: Readonly<Record<string, string>> | undefined, refuse: Refuse): void {
  const entries = Object.entries(metadata ?? {});
  const fits = ([key, value]: [string, string]): boolean =>
    key.length <= 40 && typeof value === 'string' && value.length <= 500;
  if (entries.length > 40 || !entries.every(fits))
    refuse('metadata', 'Give at most 40 texts of at most 500 characters, by keys of at most 40');
}

function assertAll(check: (refuse: Refuse) => void): void {
  const issues: ValidationIssue[] = [];
  check((field, msg) => void issues.push({ loc: ['body', field], msg, type: 'billing' }));
  if (issues.length > 0) throw new ValidationError(issues);
}
