import { SchemaError } from '../../base/errors.js';

/** What follows the `?` of a database URL; names are found whatever their case. */
export class UrlParameters {
  readonly #values: ReadonlyMap<string, string>;

  constructor(url: string) {
    const [, query = ''] = url.split('#', 1)[0]?.split(/\?(.*)/s) ?? [];
    this.#values = new Map([...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** The value of the first of `names` that is there. */
  text(...names: string[]): string | undefined {
    for (const name of names) {
      const value = this.#values.get(name.toLowerCase());
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** @throws SchemaError for what is no whole number from `least`. */
  whole(name: string, fallback: number, least: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (text !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw urlFault(`has a ${name} that is no whole number from ${least}`, `${name}=${fallback}`);
  }
}

/** The same URL without some of its parameters. */
export function withoutParameters(url: string, names: readonly string[]): string {
  const [address = '', query] = url.split(/\?(.*)/s);
  if (query === undefined) return url;
  const gone = new Set(names.map((name) => name.toLowerCase()));
  const all = [...new URLSearchParams(query)];
  const kept = all.filter(([name]) => !gone.has(name.toLowerCase()));
  if (kept.length === all.length) return url;
  return kept.length === 0 ? address : `${address}?${new URLSearchParams(kept)}`;
}

/** The fault of a URL, which is not repeated itself: it holds a password. */
export function urlFault(what: string, mend: string): SchemaError {
  return new SchemaError(`The database URL ${what}; write ${mend}`);
}
