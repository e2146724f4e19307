import type { SchemaStep } from '../dialect/shape.js';

/** Quotes an identifier for MariaDB and MySQL. */
export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}

export function quoted(names: readonly string[]): string {
  return names.map(quote).join(', ');
}

/** A raw value as an SQL literal. A backslash is a plain character: every session runs with NO_BACKSLASH_ESCAPES. */
export function literal(raw: unknown): string {
  if (raw === null) return 'NULL';
  if (raw instanceof Uint8Array) return `x'${Buffer.from(raw).toString('hex')}'`;
  if (typeof raw === 'string') return `'${raw.replaceAll("'", "''")}'`;
  return String(raw);
}

export function step(sql: string, description: string): SchemaStep {
  return { sql, params: [], description };
}
