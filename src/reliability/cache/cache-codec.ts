import { KernelError } from '../../base/errors.js';
import { jsonLoss } from '../../base/json-loss.js';
import { readEntry } from './stored-entry.js';

/**
 * A value as JSON text. Dates and bigints survive the trip (`{"$date": …}`, `{"$bigint": …}`); an instance of a class
 * comes back as a plain object. Undefined counts as null.
 * @throws KernelError E_CACHE_VALUE for what JSON cannot hold.
 */
export function encodeValue(value: unknown): string {
  const text = written(value);
  const loss = jsonLoss(value, text);
  if (loss) throw new KernelError('E_CACHE_VALUE', `The value cannot be cached: ${loss} has no form in JSON`);
  return text;
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value, tagged) ?? 'null';
  } catch (error) {
    throw new KernelError('E_CACHE_VALUE', 'The value cannot be cached: it cannot be written as JSON', {
      cause: error,
    });
  }
}

/** The value of an encoded text, also of one that is stored with terms. */
export function decodeValue(stored: string): unknown {
  const { text } = readEntry(stored);
  // A reviver visits every value; only texts with a tag in them need one.
  return text.includes('"$') ? JSON.parse(text, untagged) : JSON.parse(text);
}

/** Called with the holder as `this`: a Date has already become a string in `value`. */
function tagged(this: unknown, key: string, value: unknown): unknown {
  const original: unknown = (this as Record<string, unknown>)[key];
  if (original instanceof Date) return value === null ? null : { $date: value };
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (isTag(value)) return { $value: Object.entries(value) };
  return value;
}

function untagged(_key: string, value: unknown): unknown {
  if (!isTag(value)) return value;
  if (typeof value.$date === 'string') return new Date(value.$date);
  if (typeof value.$bigint === 'string') return BigInt(value.$bigint);
  if (Array.isArray(value.$value)) return Object.fromEntries(value.$value as Array<[string, unknown]>);
  return value;
}

function isTag(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === '$date' || keys[0] === '$bigint' || keys[0] === '$value');
}
