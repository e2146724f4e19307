import { type BillingService, getBilling } from 'app-kernel';
import type { TestServiceOptions } from 'app-kernel/testing';
import { openPeople, type People, type Person } from '../../setup/people.js';

const PAGES = { success_url: 'https://app.example/paid', cancel_url: 'https://app.example/no' };
export const HOOK = '/api/v1/billing/webhooks/stripe';

/** A service that sells, and what it sells. */
export interface Shop extends Omit<People, 'get' | 'post'> {
  billing: BillingService;
  prices: { monthly: string; yearly: string; book: string; shirt: string };
  post(person: Person, path: string, body?: object): ReturnType<Person['send']>;
  get(person: Person, path: string): Promise<unknown>;
  /** Subscribes and pays. @returns Stripe’s id of the subscription */
  subscribed(person: Person, price?: string): Promise<string>;
}

export async function openShop(options: TestServiceOptions = {}): Promise<Shop> {
  const prices = { monthly: '', yearly: '', book: '', shirt: '' };
  const people = await openPeople({
    billing: { redirectUrls: ['https://app.example/'] },
    seedBilling: async (_db, billing) => void Object.assign(prices, await seed(billing)),
    ...options,
  });
  const post: Shop['post'] = (person, path, body = {}) =>
    person.send('POST', `/billing${path}`, 'price_id' in body ? { ...PAGES, ...body } : body);
  return {
    ...people,
    billing: getBilling(),
    prices,
    post,
    get: async (person, path) => (await person.send('GET', `/billing${path}`)).body,
    subscribed: async (person, price = prices.monthly) => {
      const { body } = await post(person, '/subscribe', { price_id: price });
      const session = people.stripe.pay(body.checkout_url);
      await people.stripe.deliver();
      return String(session.subscription);
    },
  };
}

async function seed(billing: BillingService): Promise<Shop['prices']> {
  const { id: pro } = await billing.createProduct({ name: 'Pro', slug: 'pro', features: ['export'] });
  const { id: book } = await billing.createProduct({
    name: 'Book',
    slug: 'book',
    productType: 'one_time',
    features: ['read'],
  });
  const { id: shirt } = await billing.createProduct({ name: 'Shirt', slug: 'shirt', productType: 'physical' });
  const price = async (productId: string, amountCents: number, interval?: 'month' | 'year') =>
    (await billing.createPrice({ productId, amountCents, ...(interval && { interval }) })).id;
  return {
    monthly: await price(pro, 1_999, 'month'),
    yearly: await price(pro, 12_000, 'year'),
    book: await price(book, 500),
    shirt: await price(shirt, 2_000),
  };
}
