import { createHash } from 'node:crypto';
import { ValidationError } from '../../../base/errors.js';
import { type Portable, ValueFault } from '../../entity/codec.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { type OrderTerm, orderNames } from './order-by.js';

const CHECKSUM_BYTES = 8;

/**
 * The place of a row in an order, as text that fits into a URL. It carries the values of the ordered columns in the
 * clear, and a checksum that binds them to the entity and the order.
 */
export function encodeCursor(plan: EntityPlan, terms: readonly OrderTerm[], values: readonly Portable[]): string {
  const content = Buffer.from(JSON.stringify(values.map(toJson)));
  return Buffer.concat([checksum(plan, terms, content), content]).toString('base64url');
}

/** @throws ValidationError for a text that is no cursor of this entity and order. */
export function decodeCursor(
  plan: EntityPlan,
  terms: readonly OrderTerm[],
  name: 'after' | 'before',
  cursor: unknown,
): Portable[] {
  const bytes = Buffer.from(typeof cursor === 'string' ? cursor : '', 'base64url');
  const content = bytes.subarray(CHECKSUM_BYTES);
  const isWhole = bytes.subarray(0, CHECKSUM_BYTES).equals(checksum(plan, terms, content));
  if (!isWhole || bytes.toString('base64url') !== cursor) throw refusal(name);
  // Whoever knows how the checksum is made can make a cursor: what it carries is checked as any other value is.
  try {
    const values = JSON.parse(content.toString()) as unknown[];
    if (values.length === terms.length) return terms.map(({ column }, index) => fromJson(column, values[index]));
  } catch (cause) {
    if (!(cause instanceof ValueFault || cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
  }
  throw refusal(name);
}

function refusal(name: string): ValidationError {
  return new ValidationError(
    [{ loc: [name], msg: 'is no cursor of this query', type: 'invalid_cursor' }],
    `${name} must be a nextCursor or previousCursor of the same entity and orderBy`,
  );
}

function checksum(plan: EntityPlan, terms: readonly OrderTerm[], content: Uint8Array): Buffer {
  const hash = createHash('sha256')
    .update(`${plan.meta.table} ${orderNames(terms)} `)
    .update(content)
    .digest();
  return hash.subarray(0, CHECKSUM_BYTES);
}

function toJson(value: Portable): string | number | boolean | null {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** What is no text would be made into something: a huge number of bytes, for one. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ValueFault('is no text');
}

function fromJson(column: PlannedColumn, value: unknown): Portable {
  if (value === null) return null;
  const { type, codec } = column.field;
  if (type === 'bigint') return codec.encode(BigInt(text(value)));
  if (type === 'blob') return codec.encode(Buffer.from(text(value), 'base64'));
  return codec.encode(type === 'datetime' ? new Date(value as string) : value);
}
