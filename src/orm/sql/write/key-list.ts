import type { Portable, ValueCodec } from '../../entity/codec.js';

/** A value for each key, in their order; `undefined` where the object has none. */
export type EncodedValues = ReadonlyArray<Portable | undefined>;

/** Encodes the values of objects whose keys are the same, in the same order. */
export class KeyList {
  readonly #keys: readonly string[];
  readonly #codecs: readonly ValueCodec[];

  /** @param codecs one for each key */
  constructor(keys: readonly string[], codecs: readonly ValueCodec[]) {
    this.#keys = keys;
    this.#codecs = codecs;
  }

  isThatOf(keys: readonly string[]): boolean {
    if (keys.length !== this.#keys.length) return false;
    for (let index = 0; index < keys.length; index++) if (keys[index] !== this.#keys[index]) return false;
    return true;
  }

  /** @throws ValueFault at the first value that does not fit. */
  encode(object: Readonly<Record<string, unknown>>): EncodedValues {
    return this.#keys.map((key, index) => {
      const value = object[key];
      return value === undefined || value === null ? value : this.#codecs[index]?.encode(value);
    });
  }
}
