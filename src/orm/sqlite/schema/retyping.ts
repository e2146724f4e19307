import type { Database } from 'better-sqlite3';
import { ValidationError } from '../../../base/errors.js';
import { canonicalDecimal } from '../../entity/decimal.js';
import { decimalColumn } from '../column-codecs.js';

const TEXTUAL = /^(?:(?:VAR)?CHAR\((\d+)\)|TEXT)$/;
const DECIMAL = /^DECIMAL(?: TEXT)?\((\d+),(\d+)\)$/;

/** Decimals are stored in one of two ways, which SQL alone cannot turn into each other. */
const CONVERT = 'app_kernel_decimal';
const FITS = 'app_kernel_decimal_fits';

/** Whether every value of a column type also is one of another. */
export function widens(from: string, to: string): boolean {
  const [short, long] = [textLength(from), textLength(to)];
  if (short !== undefined && long !== undefined) return short <= long;
  const [narrow, wide] = [decimalSize(from), decimalSize(to)];
  if (!narrow || !wide) return false;
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

/** The condition of the rows whose value would not fit, where it is only a matter of size. */
export function misfits(column: string, from: string, to: string): string | undefined {
  const length = textLength(to);
  if (textLength(from) !== undefined && length !== undefined) return `length(${column}) > ${length}`;
  if (decimalSize(from) && decimalSize(to)) return `NOT ${FITS}(${column}, '${from}', '${to}')`;
  return undefined;
}

/** A value of one column type as one of another; text is cut to the length it may have. */
export function converted(column: string, from: string, to: string): string {
  if (from === to) return column;
  if (decimalSize(from) || decimalSize(to)) return `${CONVERT}(${column}, '${from}', '${to}')`;
  const length = textLength(to);
  if (length === undefined) return `CAST(${column} AS ${to})`;
  return Number.isFinite(length) ? `substr(${column}, 1, ${length})` : column;
}

/** Gives a connection the functions that the SQL above calls. */
export function addConversions(database: Database): void {
  database.function(FITS, { deterministic: true }, (raw, from, to) =>
    raw === null || 'text' in resized(raw, from as string, to as string) ? 1 : 0,
  );
  database.function(CONVERT, { deterministic: true }, (raw, from, to) => {
    if (raw === null) return null;
    const result = resized(raw, from as string, to as string);
    if ('text' in result) return stored(result.text, to as string);
    const rounded = resized(
      roundedTo(decimalSize(to as string)?.scale ?? 0, plain(raw, from as string)),
      '',
      to as string,
    );
    if ('text' in rounded) return stored(rounded.text, to as string);
    throw new ValidationError([], `A value of a column that becomes ${to} ${rounded.fault}`);
  });
}

/** In characters. */
function textLength(type: string): number | undefined {
  const match = TEXTUAL.exec(type);
  if (!match) return undefined;
  return match[1] === undefined ? Number.POSITIVE_INFINITY : Number(match[1]);
}

function decimalSize(type: string): { precision: number; scale: number } | undefined {
  const match = DECIMAL.exec(type);
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined;
}

/** The value as a decimal of the new type, or as text where that is none. */
function resized(raw: unknown, from: string, to: string): { text: string } | { fault: string } {
  const size = decimalSize(to);
  return size ? canonicalDecimal(plain(raw, from), size.precision, size.scale) : { text: plain(raw, from) };
}

function plain(raw: unknown, type: string): string {
  const size = decimalSize(type);
  const fromRaw = size && (decimalColumn(size.precision, size.scale).fromRaw as (raw: unknown) => string);
  return fromRaw ? fromRaw(raw) : String(raw);
}

function stored(text: string, type: string): unknown {
  const size = decimalSize(type);
  if (!size) return text;
  const toRaw = decimalColumn(size.precision, size.scale).toRaw as ((text: string) => unknown) | undefined;
  return toRaw ? toRaw(text) : Number(text);
}

/** Half away from zero, as the servers round. */
function roundedTo(scale: number, text: string): string {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (fraction.length <= scale) return text;
  const up = Number(fraction[scale]) >= 5 ? 1n : 0n;
  const digits = String(BigInt(whole + fraction.slice(0, scale)) + up).padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${sign}${digits.slice(0, at)}${scale > 0 ? `.${digits.slice(at)}` : ''}`;
}
