import { createHash } from 'node:crypto';
import type { IndexShape, TableShape } from '../../dialect/shape.js';
import { quote } from '../quote.js';

/** InnoDB indexes that many bytes of a row. */
const MAX_KEY_BYTES = 3072;
const BYTES_PER_CHARACTER = 4;
const HASH_BYTES = 32;
const FIXED_BYTES = 24;

/** One column of an index, and the invisible generated column that stands for it where it cannot be indexed itself. */
interface IndexPart {
  readonly sql: string;
  readonly generated: { readonly name: string; readonly definition: string } | undefined;
}

/**
 * What an index covers in truth. A unique one over text that is too long covers SHA-256 sums, so that all of the text
 * counts; another one covers the beginning. Uniqueness among some rows is a column that is NULL for all others; an index
 * that only finds rows covers all of them, as there are no partial ones.
 */
export function indexParts(table: TableShape, index: IndexShape): IndexPart[] {
  const bytes = index.columns.map((name) => keyBytes(table, name));
  if (!index.unique) return prefixParts(index, bytes);
  const parts = uniqueParts(index, bytes);
  return isPartial(index) ? [...parts, marker(index)] : parts;
}

function keyBytes(table: TableShape, name: string): number {
  const type = table.columns.find((column) => column.name === name)?.type ?? '';
  if (/text|blob/.test(type)) return Number.POSITIVE_INFINITY;
  const length = /^(?:var)?char\((\d+)\)/.exec(type)?.[1];
  return length === undefined ? FIXED_BYTES : Number(length) * BYTES_PER_CHARACTER + 2;
}

function uniqueParts(index: IndexShape, bytes: readonly number[]): IndexPart[] {
  const hashed = new Set<number>();
  const longestFirst = bytes.map((_, at) => at).sort((a, b) => (bytes[b] as number) - (bytes[a] as number));
  const total = (): number =>
    bytes.reduce((sum, size, at) => sum + (hashed.has(at) ? HASH_BYTES : size), isPartial(index) ? 2 : 0);
  for (const at of longestFirst) if (total() > MAX_KEY_BYTES) hashed.add(at);
  return index.columns.map((column, at) => (hashed.has(at) ? hashOf(index, column) : part(column)));
}

function isPartial(index: IndexShape): boolean {
  return index.liveOnly || index.where !== undefined;
}

function prefixParts(index: IndexShape, bytes: readonly number[]): IndexPart[] {
  const total = bytes.reduce((sum, size) => sum + size, 0);
  const directed = (column: string, characters?: number): IndexPart =>
    part(column, characters, index.descending?.includes(column));
  if (total <= MAX_KEY_BYTES) return index.columns.map((column) => directed(column));
  const text = bytes.filter((size) => size > FIXED_BYTES).length;
  const share = Math.floor((MAX_KEY_BYTES - (bytes.length - text) * FIXED_BYTES) / text / BYTES_PER_CHARACTER) - 1;
  return index.columns.map((column, at) =>
    directed(column, (bytes[at] as number) > share * BYTES_PER_CHARACTER ? share : undefined),
  );
}

function part(column: string, characters?: number, descending = false): IndexPart {
  const prefix = characters === undefined ? '' : `(${characters})`;
  return { sql: `${quote(column)}${prefix}${descending ? ' DESC' : ''}`, generated: undefined };
}

export const LIVE_PREFIX = '_live_';
const HASH_PREFIX = '_hash_';

/** The invisible columns of an index are found again by its name. */
function indexTag(index: string): string {
  return createHash('sha256').update(index).digest('hex').slice(0, 12);
}

function marker({ name, liveOnly, where }: IndexShape): IndexPart {
  const living = liveOnly ? [`${quote('deleted_at')} IS NULL`] : [];
  const conditions = [...living, ...(where === undefined ? [] : [`(${where})`])];
  return generated(`${LIVE_PREFIX}${indexTag(name)}`, 'tinyint', `IF(${conditions.join(' AND ')}, 1, NULL)`);
}

function hashOf(index: IndexShape, column: string): IndexPart {
  const name = `${HASH_PREFIX}${indexTag(`${index.name} ${column}`)}`;
  return generated(name, 'binary(32)', `UNHEX(SHA2(${quote(column)}, 256))`);
}

function generated(name: string, type: string, expression: string): IndexPart {
  const definition = `${quote(name)} ${type} GENERATED ALWAYS AS (${expression}) VIRTUAL INVISIBLE`;
  return { sql: quote(name), generated: { name, definition } };
}

/** Whether a column was made by this engine for an index. */
export function isIndexColumn(name: string): boolean {
  return name.startsWith(LIVE_PREFIX) || name.startsWith(HASH_PREFIX);
}

/** The column whose sums an index column holds, from its expression, which the server quotes as the session does. */
export function hashedColumn(expression: string): string | undefined {
  return /sha2\([`"](\w+)[`"]/i.exec(expression)?.[1];
}
