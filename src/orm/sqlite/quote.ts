import type { SchemaStep } from '../dialect/shape.js';

/** Quotes an identifier for SQLite. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

export function step(sql: string, description: string): SchemaStep {
  return { sql, params: [], description };
}
