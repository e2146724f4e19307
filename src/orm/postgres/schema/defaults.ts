import { canonicalJson } from '../../entity/codec.js';

const TEXT = /^'((?:[^']|'')*)'(?:::[\w\s"().,]+)?$/;
const PLAIN = /^\(?(-?[\d.]+(?:e[+-]?\d+)?|true|false)\)?(?:::[\w\s"().,]+)?$/i;

/** A portable value as an SQL literal. */
export function literal(raw: unknown): string {
  if (raw === null) return 'NULL';
  if (raw instanceof Uint8Array) return `'\\x${Buffer.from(raw).toString('hex')}'`;
  if (typeof raw === 'string') return `'${raw.replaceAll("'", "''")}'`;
  return String(raw);
}

/** Whether two DEFAULT expressions of a column mean the same: the server spells a literal in its own way. */
export function sameDefault(type: string, a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || canonical(type, a) === canonical(type, b);
}

function canonical(type: string, expression: string): string {
  const text = TEXT.exec(expression)?.[1]?.replaceAll("''", "'") ?? PLAIN.exec(expression)?.[1];
  if (text === undefined) return expression;
  try {
    return canonicalText(type, text);
  } catch {
    return text; // no literal of that type: it differs from every one that is
  }
}

function canonicalText(type: string, text: string): string {
  if (type === 'bigint') return BigInt(text).toString();
  if (type === 'double precision') return String(Number(text));
  if (type.startsWith('numeric')) return decimalText(text);
  if (type === 'jsonb') return canonicalJson(JSON.parse(text));
  if (type.startsWith('timestamp')) return new Date(text.replace(/([+-]\d\d)$/, '$1:00')).toISOString();
  if (type === 'bytea') return text.toLowerCase();
  return text;
}

/** Without the zeros that say nothing. */
function decimalText(text: string): string {
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return trimmed === '-0' ? '0' : trimmed;
}
