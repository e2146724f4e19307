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

interface Request {
  method: string;
  /** Below `/v1/`. */
  path: string;
  params: Params;
}

type Route = readonly [pattern: RegExp, answer: (world: World, params: Params, id: string) => unknown];

const ROUTES: readonly Route[] = [
  [/^POST billing_portal\/sessions$/, openPortal],
  [/^POST checkout\/sessions$/, ({ checkouts, baseUrl }, params) => checkouts.create(params, baseUrl)],
  [/^POST checkout\/sessions\/(\w+)\/expire$/, ({ checkouts }, _params, id) => checkouts.expire(id)],
  [/^POST subscriptions$/, startSubscription],
  [/^POST subscriptions\/(\w+)$/, ({ subscriptions }, params, id) => subscriptions.update(id, params)],
  [/^DELETE subscriptions\/(\w+)$/, ({ subscriptions }, _params, id) => subscriptions.cancel(id)],
  [/^POST payment_methods\/(\w+)\/attach$/, ({ cards }, params, id) => cards.attach(id, params)],
  [/^POST products$/, ({ store }, params) => create(store, 'product', 'prod', params)],
  [/^POST prices$/, ({ store }, params) => createPrice(store, params)],
  [/^POST customers$/, ({ store, emit }, params) => told(emit, 'created', create(store, 'customer', 'cus', params))],
  [/^POST products\/([\w-]+)$/, ({ store }, params, id) => write(store.get('product', id), params)],
  [/^POST prices\/([\w-]+)$/, ({ store }, params, id) => write(store.get('price', id), params)],
  [
    /^POST customers\/(\w+)$/,
    ({ store, emit }, params, id) => told(emit, 'updated', write(store.get('customer', id), params)),
  ],
];
const READ = /^GET ((?:checkout\/)?[a-z_]+?)s(?:\/([\w-]+))?$/;

/** What a request is answered with. */
export function answer(world: World, { method, path, params }: Request): unknown {
  const asked = `${method} ${path}`;
  for (const [pattern, respond] of ROUTES) {
    const match = pattern.exec(asked);
    if (match) return respond(world, params, match[1] ?? '');
  }
  const [, things, id] = READ.exec(asked) ?? [];
  const kind = things?.replace('/', '.');
  if (kind && id) return expanded(world.store, world.store.get(kind, id), params);
  if (kind) return world.store.list(kind, params, filterOf(kind, params), `/v1/${path}`);
  const message = `Unrecognized request URL (${method}: /v1/${path}).`;
  throw new StripeFault(404, { type: 'invalid_request_error', message });
}

function openPortal({ store, baseUrl }: World, params: Params): Thing {
  const customer = store.get('customer', textOf(params.customer) ?? '').id;
  const url = `${baseUrl}/portal/${customer}`;
  return store.add('billing_portal.session', 'bps', { customer, url, return_url: textOf(params.return_url) });
}

function startSubscription({ cards, subscriptions }: World, params: Params): Thing {
  const [item] = Object.values(groupOf(params.items)).map(groupOf);
  const customer = textOf(params.customer) ?? '';
  if (!(Number(textOf(params.trial_period_days)) > 0)) cards.charge(customer);
  return subscriptions.start(customer, textOf(item?.price) ?? '', 1, params);
}

function told(emit: Emit, what: string, customer: Thing): Thing {
  emit(`customer.${what}`, customer);
  return customer;
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
  const wanted = (['customer', 'email'] as const).filter((field) => textOf(params[field]) !== undefined);
  const status = textOf(params.status) ?? (kind === 'subscription' ? 'not ended' : 'all');
  return (thing) =>
    (keys.length === 0 || keys.includes(thing.lookup_key)) &&
    wanted.every((field) => thing[field] === params[field]) &&
    (status === 'all' || (status === 'not ended' ? thing.status !== 'canceled' : thing.status === status));
}

/** `expand[]`, one level deep. */
function expanded(store: Store, thing: Thing, params: Params): Thing {
  const copy = { ...thing };
  for (const field of Object.values(groupOf(params.expand)).map(String))
    if (typeof copy[field] === 'string') copy[field] = store.get(field, copy[field]);
  return copy;
}
