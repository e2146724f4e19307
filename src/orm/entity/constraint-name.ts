import { createHash } from 'node:crypto';

const MAX_IDENTIFIER = 63;

/** A name that every engine takes, however long its parts are. */
export function constraintName(prefix: string, parts: readonly string[]): string {
  const name = [prefix, ...parts].join('_');
  return name.length <= MAX_IDENTIFIER ? name : `${name.slice(0, MAX_IDENTIFIER - 9)}_${shortHash(name)}`;
}

/** The name of a unique key. @param where the rows it holds for; left out: all of them. */
export function uniqueName(table: string, columns: readonly string[], where?: string): string {
  return constraintName('uq', [table, ...columns, ...(where === undefined ? [] : [shortHash(where)])]);
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
