import { SchemaError } from '../../base/errors.js';
import { jsonLoss } from '../../base/json-loss.js';
import { canonicalDecimal } from './decimal.js';
import type { FieldType } from './field-types.js';
import { fromIsoTime } from './iso-time.js';

/**
 * A value as every engine, history row and export can carry it: text for dates, decimals and json, the JavaScript
 * value otherwise. Engines map it to what their driver binds.
 */
export type Portable = string | number | bigint | boolean | Uint8Array | null;

/** What one field accepts and how it travels. `null` never reaches a codec. */
export interface ValueCodec {
  /** @throws ValueFault when `value` does not fit the field. */
  encode(value: unknown): Portable;
  /** `undefined` where the portable value is already the JavaScript value. */
  decode: ((portable: never) => unknown) | undefined;
  /** Whether two portable values are the same value; `undefined` means `===`. */
  equals: ((a: never, b: never) => boolean) | undefined;
}

/** Why a value does not fit its field; the caller adds which field. */
export class ValueFault extends Error {}

/** The sizes that matter to a codec. */
export interface CodecSizes {
  length: number;
  precision: number;
  scale: number;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
/** A NUL, which some servers take for the end, and half a surrogate pair, which is no character. */
export const UNSTORABLE_TEXT = /[\0\p{Cs}]/u;
const UNSTORABLE_JSON = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Builds the codec of one field. */
export function createCodec(type: FieldType, sizes: CodecSizes): ValueCodec {
  switch (type) {
    case 'string':
      return plain((value) => encodeString(value, sizes.length));
    case 'text':
      return plain(encodeText);
    case 'integer':
      return plain(encodeInteger);
    case 'bigint':
      return plain(encodeBigint);
    case 'number':
      return plain(encodeNumber);
    case 'decimal':
      return plain((value) => encodeDecimal(value, sizes));
    case 'boolean':
      return plain(encodeBoolean);
    case 'date':
      return plain(encodeDate);
    case 'uuid':
      return plain(encodeUuid);
    case 'datetime':
      return { encode: encodeDatetime, decode: fromIsoTime, equals: undefined };
    case 'json':
      return { encode: encodeJson, decode: decodeJson, equals: sameJson };
    case 'blob':
      return { encode: encodeBlob, decode: undefined, equals: sameBytes };
  }
}

function plain(encode: (value: unknown) => Portable): ValueCodec {
  return { encode, decode: undefined, equals: undefined };
}

function refuse(fault: string): never {
  throw new ValueFault(fault);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? value.constructor?.name || 'an object' : typeof value;
}

function encodeText(value: unknown): string {
  if (typeof value !== 'string') return refuse(`must be text, not ${kindOf(value)}`);
  if (UNSTORABLE_TEXT.test(value)) return refuse('contains a NUL or half a surrogate pair; keep bytes in a blob field');
  return value;
}

function encodeString(value: unknown, length: number): string {
  const text = encodeText(value);
  if (text.length > length && [...text].length > length) return refuse(`is longer than ${length} characters`);
  return text;
}

function encodeInteger(value: unknown): number {
  if (!Number.isSafeInteger(value)) return refuse(`must be an integer within ±(2^53 - 1), not ${kindOf(value)}`);
  return (value as number) + 0;
}

function encodeBigint(value: unknown): bigint {
  if (typeof value !== 'bigint') return refuse(`must be a bigint, not ${kindOf(value)}`);
  if (value < INT64_MIN || value > INT64_MAX) return refuse('does not fit into 64 bits');
  return value;
}

function encodeNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    return refuse(`must be a finite number, not ${kindOf(value)}`);
  return value + 0; // -0 becomes 0, which is all that every engine can tell
}

function encodeDecimal(value: unknown, { precision, scale }: CodecSizes): string {
  if (typeof value !== 'string') return refuse(`must be a decimal written as text, not ${kindOf(value)}`);
  const result = canonicalDecimal(value, precision, scale);
  return 'fault' in result ? refuse(result.fault) : result.text;
}

function encodeBoolean(value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(`must be true or false, not ${kindOf(value)}`);
}

function encodeDatetime(value: unknown): string {
  if (!(value instanceof Date)) return refuse(`must be a Date, not ${kindOf(value)}`);
  const year = value.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return refuse('must be a valid Date of the years 0 to 9999');
  return value.toISOString();
}

function encodeDate(value: unknown): string {
  if (typeof value !== 'string' || !DATE.test(value)) return refuse('must be a date written YYYY-MM-DD');
  const parsed = new Date(`${value}T00:00:00Z`);
  if (Number.isNaN(parsed.getTime()) || !parsed.toISOString().startsWith(value))
    return refuse('is not a day of the calendar');
  return value;
}

function encodeUuid(value: unknown): string {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return UUID.test(text) ? text : refuse('must be a UUID');
}

function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return refuse(`cannot be written as JSON: ${(error as Error).message}`);
  }
  if (text === undefined) return refuse(`cannot be written as JSON: ${kindOf(value)}`);
  const loss = jsonLoss(value, text);
  if (loss) return refuse(`contains ${loss}, which JSON cannot carry`);
  if (text.includes('\\u') && UNSTORABLE_JSON.test(text)) return refuse('contains a NUL or half a surrogate pair');
  return text;
}

/** @throws SchemaError for what another program has stored; the parser's own error would repeat it. */
function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SchemaError(
      'A json field holds text that is no JSON, which another program must have written; correct the row',
    );
  }
}

function encodeBlob(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : refuse(`must be a Uint8Array, not ${kindOf(value)}`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether two JSON texts are the same document. */
export function sameJson(a: string, b: string): boolean {
  return a === b || canonicalJson(JSON.parse(a)) === canonicalJson(JSON.parse(b));
}

/** JSON text with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
