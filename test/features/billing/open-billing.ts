import { type BillingService, getBilling, type ServiceOptions } from 'app-kernel';
import { StripeStandIn } from 'app-kernel/testing';
import { openPeople, type People, type Person } from '../../setup/people.js';

const PAGES = { success_url: 'https://app.example/paid', cancel_url: 'https://app.example/no' };

/** A service that sells, and the Stripe it sells by. */
export interface Shop extends Omit<People, 'get' | 'post'> {
  stripe: StripeStandIn;
  billing: BillingService;
  prices: { monthly: string; yearly: string; book: string; shirt: string };
  /** Hands over what Stripe has to say. */
  deliver(): Promise<number[]>;
  post(person: Person, path: string, body?: object): ReturnType<Person['send']>;
  get(person: Person, path: string): Promise<unknown>;
  /** Subscribes and pays. */
  subscribed(person: Person, price?: string): Promise<void>;
}

export async function openShop(options: Partial<ServiceOptions> = {}, stand?: StripeStandIn): Promise<Shop> {
  const stripe = stand ?? (await StripeStandIn.start());
  const prices = { monthly: '', yearly: '', book: '', shirt: '' };
  const people = await openPeople({
    stripeSecretKey: stripe.secretKey,
    stripeWebhookSecret: stripe.webhookSecret,
    stripeApiBase: stripe.url,
    billingRedirectUrls: ['https://app.example/'],
    seedBilling: async (_db, billing) => {
      const pro = await billing.createProduct({ name: 'Pro', slug: 'pro', features: ['export'] });
      const once = await billing.createProduct({
        name: 'Book',
        slug: 'book',
        productType: 'one_time',
        features: ['read'],
      });
      const shirt = await billing.createProduct({ name: 'Shirt', slug: 'shirt', productType: 'physical' });
      const { id: productId } = pro;
      prices.monthly = (await billing.createPrice({ productId, amountCents: 1_999, interval: 'month' })).id;
      prices.yearly = (await billing.createPrice({ productId, amountCents: 12_000, interval: 'year' })).id;
      prices.book = (await billing.createPrice({ productId: once.id, amountCents: 500 })).id;
      prices.shirt = (await billing.createPrice({ productId: shirt.id, amountCents: 2_000 })).id;
    },
    ...options,
  });
  const post: Shop['post'] = (person, path, body = {}) =>
    person.send('POST', `/billing${path}`, 'price_id' in body ? { ...PAGES, ...body } : body);
  const deliver = () => stripe.deliver((init) => people.service.inject('/api/v1/billing/webhooks/stripe', init));
  return {
    ...people,
    stripe,
    billing: getBilling(),
    prices,
    deliver,
    post,
    get: async (person, path) => (await person.send('GET', `/billing${path}`)).body,
    subscribed: async (person, price = prices.monthly) => {
      stripe.pay((await post(person, '/subscribe', { price_id: price })).body.checkout_url);
      await deliver();
    },
    close: async () => {
      await people.close();
      if (!stand) await stripe.close();
    },
  };
}
