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

let count = 0;

/** Everything that the stand-in knows, by kind. */
export class Store {
  readonly #kinds = new Map<string, Map<string, Thing>>();

  add(
    kind: string,
    prefix: string,
    fields: object,
    id = `${prefix}_${(++count).toString(36).padStart(14, '0')}`,
  ): Thing {
    const things = this.#of(kind);
    if (things.has(id)) throw invalid(`${kind} already exists.`, 'id', 'resource_already_exists');
    const thing = { id, object: kind, created: Math.floor(Date.now() / 1_000), livemode: false, ...fields };
    things.set(id, thing);
    return thing;
  }

  get(kind: string, id: string): Thing {
    const thing = this.#of(kind).get(id);
    if (!thing) throw missing(kind, id);
    return thing;
  }

  delete(kind: string, id: string): void {
    this.#of(kind).delete(id);
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
    let things = this.#kinds.get(kind);
    if (!things) this.#kinds.set(kind, (things = new Map()));
    return things;
  }
}
