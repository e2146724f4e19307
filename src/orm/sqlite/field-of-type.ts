import type { FieldOptions } from '../entity/field-types.js';

const PLAIN: Readonly<Record<string, FieldOptions>> = {
  TEXT: { type: 'text' },
  INTEGER: { type: 'bigint' },
  REAL: { type: 'number' },
  BOOLEAN: { type: 'boolean' },
  'DATETIME TEXT': { type: 'datetime' },
  'DATE TEXT': { type: 'date' },
  'JSON TEXT': { type: 'json' },
  'CHAR(36)': { type: 'uuid' },
  BLOB: { type: 'blob' },
};

/** The field whose column has that type; integers of both sizes are one. */
export function fieldOf(type: string): FieldOptions | undefined {
  const length = /^VARCHAR\((\d+)\)$/.exec(type)?.[1];
  if (length !== undefined) return { type: 'string', length: Number(length) };
  const [, precision, scale] = /^DECIMAL(?: TEXT)?\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) return { type: 'decimal', precision: Number(precision), scale: Number(scale) };
  return PLAIN[type];
}
