import { ValidationError } from '../../../base/errors.js';
import type { WireValue } from './message-writer.js';

/** A parameter as it goes over the wire. @throws ValidationError for arrays and objects, which must never become SQL. */
export function wireValue(value: unknown): WireValue {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null) return null;
  }
  if (value instanceof Uint8Array) return value;
  throw refusal(value);
}

/** A parameter of a hand-written statement. @throws ValidationError for what is no single value. */
export function bind(value: unknown): unknown {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (typeof value === 'string' && value.includes('\0'))
    throw new ValidationError([], 'A parameter contains a NUL, which text cannot carry; pass bytes instead');
  wireValue(value);
  return value;
}

function refusal(value: unknown): ValidationError {
  const kind = value === undefined ? 'undefined' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  return new ValidationError([], `A parameter cannot be ${kind}; pass text, numbers, booleans, dates, bytes or null`);
}
