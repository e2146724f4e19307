/** What was made for a key, until as many newer keys have come: a flood of keys cannot fill the memory for good. */
export class RecentMap<V> {
  readonly #values = new Map<string, V>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string, make: () => V): V {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#values.size >= this.#size) this.#values.delete(this.#values.keys().next().value as string);
    this.#values.set(key, made);
    return made;
  }
}
