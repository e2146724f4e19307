import type { Dialect } from '../../dialect/dialect.js';
import { chunks, fewSizes } from '../write/chunks.js';
import type { NextPlaceholder } from './fragment.js';

const VALUES_OF_LIST = 1_000;

/** The condition that a column has one of some values. */
export interface OneOf {
  /** Equal shapes have equal text. */
  readonly shape: string;
  readonly values: readonly unknown[];
  write(column: string, next: NextPlaceholder): string;
}

/** Conditions that together stand for all `ids`: one where they travel as an array, else one per list of them. */
export function oneOf(dialect: Dialect, ids: Iterable<string>): OneOf[] {
  const sorted = [...ids].sort();
  if (sorted.length === 0) return [];
  const { arrays } = dialect;
  if (arrays) {
    const write = (column: string, next: NextPlaceholder): string => `${column} = ANY(${next()}::text[])`;
    return [{ shape: 'any', values: [arrays.encode(sorted)], write }];
  }
  return chunks(sorted, fewSizes(VALUES_OF_LIST)).map((some) => ({
    shape: `in ${some.length}`,
    values: some,
    write: (column, next) => `${column} IN (${some.map(next).join(', ')})`,
  }));
}
