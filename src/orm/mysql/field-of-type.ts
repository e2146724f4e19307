import type { FieldOptions } from '../entity/field-types.js';

const PLAIN: Readonly<Record<string, FieldOptions>> = {
  longtext: { type: 'text' },
  bigint: { type: 'bigint' },
  double: { type: 'number' },
  'tinyint(1)': { type: 'boolean' },
  'datetime(3)': { type: 'datetime' },
  date: { type: 'date' },
  'char(36)': { type: 'uuid' },
  longblob: { type: 'blob' },
};

/** The field whose column has that type; integers of both sizes are one, and so are text and json. */
export function fieldOf(type: string): FieldOptions | undefined {
  const length = /^varchar\((\d+)\)$/.exec(type)?.[1];
  if (length !== undefined) return { type: 'string', length: Number(length) };
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) return { type: 'decimal', precision: Number(precision), scale: Number(scale) };
  return PLAIN[type];
}
