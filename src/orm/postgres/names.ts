import { createHash } from 'node:crypto';

const MAX_IDENTIFIER = 63;

/** A name that is the same on every run and fits the server's limit. */
export function constraintName(prefix: string, parts: readonly string[]): string {
  const name = [prefix, ...parts].join('_');
  if (name.length <= MAX_IDENTIFIER) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_IDENTIFIER - 9)}_${hash}`;
}
