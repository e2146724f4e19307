import type { FieldOptions } from '../entity/field-types.js';

const PLAIN: Readonly<Record<string, FieldOptions>> = {
  'text COLLATE "C"': { type: 'text' },
  bigint: { type: 'bigint' },
  'double precision': { type: 'number' },
  boolean: { type: 'boolean' },
  'timestamp(3) with time zone': { type: 'datetime' },
  date: { type: 'date' },
  jsonb: { type: 'json' },
  uuid: { type: 'uuid' },
  bytea: { type: 'blob' },
};

/** The field whose column has that type; integers of both sizes are one. */
export function fieldOf(type: string): FieldOptions | undefined {
  const length = /^character varying\((\d+)\) COLLATE "C"$/.exec(type)?.[1];
  if (length !== undefined) return { type: 'string', length: Number(length) };
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) return { type: 'decimal', precision: Number(precision), scale: Number(scale) };
  return PLAIN[type];
}
