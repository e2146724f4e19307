/** Parts of a list, each as long as `sizeOf` says of what is left. */
export function chunks<T>(all: readonly T[], sizeOf: (left: number) => number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; ) {
    const part = all.slice(at, at + sizeOf(all.length - at));
    parts.push(part);
    at += part.length;
  }
  return parts;
}

/** Few sizes, so that few statements have to be prepared: full ones, then powers of two. */
export function fewSizes(most: number): (left: number) => number {
  return (left) => (left >= most ? most : 2 ** Math.floor(Math.log2(left)));
}
