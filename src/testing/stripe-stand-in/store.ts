import { type Clock, systemClock } from '../../base/clock.js';
import { type Params, textOf } from './parse-params.js';
import { invalid, missing } from './stripe-fault.js';

/** One thing at Stripe. */
export interface Thing {
  id: string;
  object: string;
  created: number;
  // biome-ignore lint/suspicious/noExplicitAny: things have every shape that Stripe's have
  [field: string]: any;
}

/** Everything that the stand-in knows, by kind. */
export class Store {
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Map<string, Thing>>();
  #count = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** As Stripe counts the time. */
  get seconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }

  add(kind: string, prefix: string, fields: object, givenId?: string): Thing {
    const id = givenId ?? `${prefix}_${(++this.#count).toString(36).padStart(14, '0')}`;
    const things = this.#of(kind);
    if (things.has(id)) throw invalid(`${kind} already exists.`, 'id', 'resource_already_exists');
    const thing = { id, object: kind, created: this.seconds, livemode: false, ...fields };
    things.set(id, thing);
    return thing;
  }

  get(kind: string, id: string): Thing {
    const thing = this.#of(kind).get(id);
    if (!thing) throw missing(kind, id);
    return thing;
  }

  all(kind: string): Thing[] {
    return [...this.#of(kind).values()];
  }

  /** One page, newest first, as Stripe gives it. */
  list(kind: string, params: Params, matches: (thing: Thing) => boolean, url: string) {
    const limit = Number(textOf(params.limit) ?? 10);
    if (!(limit >= 1 && limit <= 100)) throw invalid('Invalid integer: limit', 'limit');
    const things = this.all(kind).filter(matches).reverse();
    const after = textOf(params.starting_after);
    const start = after === undefined ? 0 : things.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && start === 0) throw missing(kind, after);
    const data = things.slice(start, start + limit);
    return { object: 'list', url, data, has_more: start + limit < things.length };
  }

  #of(kind: string): Map<string, Thing> {
    const things = this.#kinds.get(kind) ?? new Map<string, Thing>();
    this.#kinds.set(kind, things);
    return things;
  }
}
