/** Removals after which a set is copied, if it has fewer members than that. */
const REMOVALS = 1000;

/**
 * A set whose members come and go quickly. V8 links each table that a Set has outgrown to the one after it: once a
 * collection of the whole heap has aged one of them, it keeps all later ones, with what they hold, until the next such
 * collection. A copy ends the chain.
 */
export class BriskSet<T> {
  #members = new Set<T>();
  #removals = 0;

  get size(): number {
    return this.#members.size;
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  add(member: T): void {
    this.#members.add(member);
  }

  delete(member: T): void {
    if (!this.#members.delete(member)) return;
    this.#removals += 1;
    if (this.#removals < Math.max(REMOVALS, this.#members.size)) return;
    this.#members = new Set(this.#members);
    this.#removals = 0;
  }

  /** What is removed while it is gone through may still come. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#members.values();
  }
}
