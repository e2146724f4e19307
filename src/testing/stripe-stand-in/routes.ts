import type { StandInCards } from './cards.js';
import type { StandInCheckouts } from './checkout-sessions.js';
import { groupOf, metadataOf, type Params, textOf } from './parse-params.js';
import type { Store, Thing } from './store.js';
import { invalid, StripeFault } from './stripe-fault.js';
import type { Emit, StandInSubscriptions } from './subscriptions.js';

export interface World {
  store: Store;
  emit: Emit;
  subscriptions: StandInSubscriptions;
  checkouts: StandInCheckouts;
  cards: StandInCards;
  baseUrl: string;
}

const PLAIN = ['email', 'name', 'nickname', 'description', 'lookup_key', 'product', 'currency'] as const;

/** What a request is answered with. */
export function answer(world: World, method: string, path: string, params: Params): unknown {
  const [kind = '', id, action] = path.replace('checkout/sessions', 'checkout.sessions').split('/');
  const { store, subscriptions, checkouts } = world;
  const isWrite = method === 'POST';
  const object = kind.replace(/s$/, '');
  if (kind === 'billing_portal') {
    const customer = store.get('customer', textOf(params.customer) ?? '').id;
    return store.add('billing_portal.session', 'bps', { customer, url: `${world.baseUrl}/portal/${customer}` });
  }
  if (kind === 'checkout.sessions' && isWrite)
    return id && action === 'expire' ? checkouts.expire(id) : checkouts.create(params, world.baseUrl);
  if (kind === 'subscriptions' && method === 'DELETE') return subscriptions.cancel(id ?? '');
  if (kind === 'subscriptions' && isWrite && id) return subscriptions.update(id, params);
  if (kind === 'subscriptions' && isWrite) {
    const [item] = Object.values(groupOf(params.items)).map(groupOf);
    const customer = textOf(params.customer) ?? '';
    if (!(Number(textOf(params.trial_period_days)) > 0)) world.cards.charge(customer);
    return subscriptions.start(customer, textOf(item?.price) ?? '', 1, params);
  }
  if (kind === 'payment_methods' && action === 'attach') return world.cards.attach(id ?? '', params);
  if (!isWrite && id) return expanded(store, store.get(object, id), params);
  if (!isWrite) return store.list(object, params, filterOf(kind, params), `/v1/${path}`);
  if (kind === 'products') return id ? write(store.get(object, id), params) : create(store, object, 'prod', params);
  if (kind === 'prices') return id ? write(store.get(object, id), params) : createPrice(store, params);
  if (kind === 'customers') {
    const customer = id ? write(store.get(object, id), params) : create(store, object, 'cus', params);
    world.emit(id ? 'customer.updated' : 'customer.created', customer);
    return customer;
  }
  const message = `Unrecognized request URL (${method}: /v1/${path}).`;
  throw new StripeFault(404, { type: 'invalid_request_error', message });
}

function create(store: Store, kind: string, prefix: string, params: Params): Thing {
  return write(store.add(kind, prefix, { active: true, metadata: {} }, textOf(params.id)), params);
}

function createPrice(store: Store, params: Params): Thing {
  store.get('product', textOf(params.product) ?? '');
  const amount = Number(textOf(params.unit_amount));
  if (!Number.isInteger(amount) || amount < 0) throw invalid('Invalid integer: unit_amount', 'unit_amount');
  const { interval, interval_count = '1' } = groupOf(params.recurring);
  const recurring = interval ? { interval, interval_count: Number(interval_count) } : null;
  return Object.assign(create(store, 'price', 'price', params), { unit_amount: amount, recurring });
}

function write(thing: Thing, params: Params): Thing {
  for (const field of PLAIN) if (textOf(params[field]) !== undefined) thing[field] = params[field];
  if (params.invoice_settings !== undefined) thing.invoice_settings = params.invoice_settings;
  if (params.active !== undefined) thing.active = params.active === 'true';
  Object.assign(thing.metadata, metadataOf(params));
  return thing;
}

function filterOf(kind: string, params: Params): (thing: Thing) => boolean {
  const keys = Object.values(groupOf(params.lookup_keys));
  return (thing) => {
    if (keys.length > 0 && !keys.includes(thing.lookup_key)) return false;
    for (const field of ['customer', 'email'] as const)
      if (textOf(params[field]) !== undefined && thing[field] !== params[field]) return false;
    const status = textOf(params.status);
    if (kind === 'subscriptions' && status === undefined) return thing.status !== 'canceled';
    return status === undefined || status === 'all' || thing.status === status;
  };
}

/** `expand[]`, one level deep. */
function expanded(store: Store, thing: Thing, params: Params): Thing {
  const copy = { ...thing };
  for (const field of Object.values(groupOf(params.expand)).map(String))
    if (typeof copy[field] === 'string') copy[field] = store.get(field, copy[field]);
  return copy;
}
