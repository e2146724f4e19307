import type { IndexShape } from './shape.js';

/** What makes two indexes the same one. The name of a partial index stands for its condition. */
export function indexIdentity({ name, columns, unique, liveOnly, descending = [], where }: IndexShape): string {
  const rows = where === undefined ? liveOnly : 'partial';
  return JSON.stringify([name, unique, rows, columns, [...descending].sort()]);
}

/** Whether an index or a constraint was made by a migration; what others made is left alone. */
export function isOwnName(name: string): boolean {
  return /^(?:ck|fk|idx|uq)_/.test(name);
}
