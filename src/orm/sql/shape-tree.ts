interface Node<V> {
  readonly next: Map<number, Node<V>>;
  /** By kind. */
  readonly made: V[];
}

/**
 * What was made for a list of numbers and a kind, found by the numbers themselves: to make a text of them first took a fifth
 * of an update of two fields, the database's own time left aside.
 */
export class ShapeTree<V> {
  readonly #size: number;
  #root: Node<V> = emptyNode();
  #count = 0;

  /** @param size most values; then all are forgotten: a flood of shapes cannot fill the memory for good. */
  constructor(size: number) {
    this.#size = size;
  }

  /** @param kind a small number from 0. */
  get(numbers: readonly number[], kind: number, make: () => V): V {
    const known = this.#nodeOf(numbers).made[kind];
    if (known !== undefined) return known;
    if (this.#count === this.#size) {
      this.#root = emptyNode();
      this.#count = 0;
    }
    const made = make();
    this.#nodeOf(numbers).made[kind] = made;
    this.#count += 1;
    return made;
  }

  #nodeOf(numbers: readonly number[]): Node<V> {
    let node = this.#root;
    for (const number of numbers) {
      let next = node.next.get(number);
      if (next === undefined) {
        next = emptyNode();
        node.next.set(number, next);
      }
      node = next;
    }
    return node;
  }
}

function emptyNode<V>(): Node<V> {
  return { next: new Map(), made: [] };
}
