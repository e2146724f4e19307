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

/** Characters of one statement: a server refuses longer messages (16 MB on MariaDB), and a text of Node has an end as well. */
const MOST_CHARACTERS = 4_000_000;

/** Parts of rows, each as long as `sizeOf` says of what is left, but for heavy rows, of which fewer fit into a statement. */
export function rowChunks<T>(
  rows: ReadonlyArray<readonly T[]>,
  sizeOf: (left: number) => number,
): Array<Array<readonly T[]>> {
  const parts: Array<Array<readonly T[]>> = [];
  for (let at = 0; at < rows.length; ) {
    const fit = fittingRows(rows, at, sizeOf(rows.length - at));
    const part = rows.slice(at, at + sizeOf(fit));
    parts.push(part);
    at += part.length;
  }
  return parts;
}

/** How many rows from `at` on fit into a statement: one at least, `most` at most. */
function fittingRows(rows: ReadonlyArray<readonly unknown[]>, at: number, most: number): number {
  const end = Math.min(rows.length, at + most);
  let characters = 0;
  for (let index = at; index < end; index++) {
    for (const value of rows[index] ?? []) {
      if (typeof value === 'string') characters += value.length;
      else if (value instanceof Uint8Array) characters += 2 * value.length; // as hex
    }
    if (characters > MOST_CHARACTERS) return Math.max(1, index - at);
  }
  return end - at;
}

/** Few sizes, so that few statements have to be prepared: full ones, then powers of two. */
export function fewSizes(most: number): (left: number) => number {
  return (left) => (left >= most ? most : 2 ** Math.floor(Math.log2(left)));
}
