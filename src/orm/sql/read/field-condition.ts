import { ValidationError } from '../../../base/errors.js';
import type { Dialect } from '../../dialect/dialect.js';
import { UNSTORABLE_TEXT } from '../../entity/codec.js';
import { shownName } from '../../entity/naming.js';
import type { PlannedColumn } from '../entity-plan.js';
import { encodeValue } from '../write/encode-row.js';
import type { Draft, Fragment, Write } from './fragment.js';
import { readJsonCondition } from './json-condition.js';

/** An object that is nothing but its own keys: what hides in a prototype or a Map would be a filter that is not applied. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

export function undefinedIn(key: string): ValidationError {
  return new ValidationError(
    [{ loc: ['where', key], msg: 'is undefined', type: 'undefined' }],
    `where.${key} is undefined, which would match every row; leave it out or use null`,
  );
}

/** Reads what a filter says about one field: a value, or conditions that must all hold. */
export function readField(dialect: Dialect, column: PlannedColumn, value: unknown, draft: Draft): Write {
  if (!isPlainObject(value)) return readCondition(dialect, column, 'eq', value, draft);
  if (column.field.type === 'json' && Object.hasOwn(value, 'path'))
    return readJsonCondition(dialect, column, value, draft);
  const conditions = Object.keys(value).map((operator) => {
    const operand = value[operator];
    if (operand === undefined) throw undefinedIn(`${column.property}.${operator}`);
    return readCondition(dialect, column, operator, operand, draft);
  });
  if (conditions.length === 0)
    throw new ValidationError([], `where.${column.property} is an empty object; name a condition`);
  return (next) => conditions.map((write) => write(next)).join(' AND ');
}

const COMPARISONS: Readonly<Record<string, string>> = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };
const PATTERNS: ReadonlySet<string> = new Set(['like', 'contains', 'startsWith']);
const TEXTUAL: ReadonlySet<string> = new Set(['string', 'text']);
const OPERATORS: ReadonlySet<string> = new Set([
  ...Object.keys(COMPARISONS),
  'in',
  'notIn',
  'between',
  'isNull',
  ...PATTERNS,
]);

function readCondition(
  dialect: Dialect,
  column: PlannedColumn,
  operator: string,
  operand: unknown,
  draft: Draft,
): Write {
  if (operator === 'isNull') return readNullTest(column, operand, draft);
  if (operand === null) return readNull(column, operator, draft);
  assertComparable(column, operator);
  const comparison = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (comparison) return readComparison(column, comparison, operand, draft);
  if (PATTERNS.has(operator)) return readPattern(dialect, column, operator, operand, draft);
  return operator === 'between'
    ? readBetween(column, operand, draft)
    : readList(dialect, column, operator as 'in' | 'notIn', operand, draft);
}

function refuse(column: PlannedColumn, fault: string): never {
  throw new ValidationError([], `where.${column.property}${fault}`);
}

function readNullTest(column: PlannedColumn, operand: unknown, draft: Draft): Write {
  if (typeof operand !== 'boolean') return refuse(column, '.isNull must be true or false');
  return nullTest(column, operand, draft);
}

function readNull(column: PlannedColumn, operator: string, draft: Draft): Write {
  if (operator !== 'eq' && operator !== 'ne') return refuse(column, `.${operator} cannot be null`);
  return nullTest(column, operator === 'eq', draft);
}

function nullTest(column: PlannedColumn, isNull: boolean, draft: Draft): Write {
  draft.shape += `${column.index}${isNull ? 'null' : 'some'};`;
  return () => `${column.quoted} IS ${isNull ? '' : 'NOT '}NULL`;
}

function assertComparable(column: PlannedColumn, operator: string): void {
  const { type } = column.field;
  if (type === 'json') {
    refuse(column, ' is json: compare it with null, or what is inside it with { path: ["name", 0], eq: value }');
  }
  if (PATTERNS.has(operator) && !TEXTUAL.has(type)) refuse(column, `.${operator} is for text, not for ${type}`);
  if (!OPERATORS.has(operator))
    refuse(column, ` has no condition "${shownName(operator)}"; use one of ${[...OPERATORS].join(', ')}`);
}

/** A value as the column stores it. */
function take(column: PlannedColumn, value: unknown, draft: Draft): void {
  draft.values.push(column.toRaw(encodeValue(column, value)));
}

function readComparison(column: PlannedColumn, comparison: string, operand: unknown, draft: Draft): Write {
  draft.shape += `${column.index}${comparison};`;
  take(column, operand, draft);
  return (next) => `${column.quoted} ${comparison} ${column.typed(next())}`;
}

/** The condition that a text column has one of many values. */
export function inList(dialect: Dialect, column: PlannedColumn, texts: readonly string[]): Fragment {
  const { arrays } = dialect;
  if (arrays) {
    const write: Write = (next) => `${column.quoted} = ANY(${next()})`;
    return { shape: `${column.index}any;`, values: [arrays.encode(texts)], write };
  }
  const draft: Draft = { shape: '', values: [] };
  const write = readList(dialect, column, 'in', texts, draft);
  return { ...draft, write };
}

function readList(
  dialect: Dialect,
  column: PlannedColumn,
  operator: 'in' | 'notIn',
  operand: unknown,
  draft: Draft,
): Write {
  if (!Array.isArray(operand)) return refuse(column, `.${operator} must be an array`);
  if (operand.some((member) => member === null || member === undefined))
    return refuse(column, `.${operator} contains null or undefined, which never match; use isNull`);
  if (operand.length === 0) {
    draft.shape += `${column.index}${operator}0;`;
    return () => (operator === 'in' ? '1 = 0' : '1 = 1');
  }
  const most = dialect.capabilities.maxParameters;
  if (operand.length > most)
    return refuse(
      column,
      `.${operator} has ${operand.length} values, more than the ${most} of one statement; ask in parts`,
    );
  const values = operand.map((member) => column.toRaw(encodeValue(column, member)));
  return dialect.arrays && values.length > EXACT_LENGTH
    ? writeArray(column, operator, dialect.arrays.encode(values), draft)
    : writeList(column, operator, values, draft);
}

function writeArray(column: PlannedColumn, operator: 'in' | 'notIn', array: string, draft: Draft): Write {
  draft.shape += `${column.index}${operator}any;`;
  draft.values.push(array);
  return (next) => `${column.quoted} ${operator === 'in' ? '= ANY' : '<> ALL'}(${next()})`;
}

function writeList(column: PlannedColumn, operator: 'in' | 'notIn', values: readonly unknown[], draft: Draft): Write {
  const length = listLength(values.length);
  draft.shape += `${column.index}${operator}${length};`;
  draft.values.push(...values);
  for (let index = values.length; index < length; index++) draft.values.push(values.at(-1));
  return (next) =>
    `${column.quoted} ${operator === 'in' ? 'IN' : 'NOT IN'} (${Array.from({ length }, () => column.typed(next())).join(', ')})`;
}

const EXACT_LENGTH = 8;
/** Half of what SQLite takes as parameters of a statement leaves room for the others. */
export const LONGEST_LIST = 8_192;

/**
 * Lists are filled up to a power of two with their last member, which changes no answer: lists of any length then share
 * a few statements, instead of each length being prepared anew.
 */
export function listLength(length: number): number {
  return length <= EXACT_LENGTH || length > LONGEST_LIST ? length : 2 ** Math.ceil(Math.log2(length));
}

function readBetween(column: PlannedColumn, operand: unknown, draft: Draft): Write {
  const bounds: unknown[] = Array.isArray(operand) ? operand : [];
  if (bounds.length !== 2 || bounds.some((bound) => bound === null || bound === undefined))
    return refuse(column, '.between must be [low, high]');
  draft.shape += `${column.index}between;`;
  for (const bound of bounds) take(column, bound, draft);
  return (next) => `${column.quoted} BETWEEN ${column.typed(next())} AND ${column.typed(next())}`;
}

function readPattern(dialect: Dialect, column: PlannedColumn, operator: string, operand: unknown, draft: Draft): Write {
  if (typeof operand !== 'string') return refuse(column, `.${operator} must be text`);
  if (UNSTORABLE_TEXT.test(operand))
    return refuse(column, `.${operator} contains a NUL or half a surrogate pair, which text cannot`);
  if (operator === 'like' && /^(?:[^!]|![\s\S])*!$/.test(operand))
    return refuse(column, '.like ends with "!", which makes the next character plain; write "!!" for a "!"');
  const plain = operand.replace(/[!%_]/g, '!$&');
  const pattern = operator === 'like' ? operand : operator === 'contains' ? `%${plain}%` : `${plain}%`;
  const { longestPattern } = dialect.capabilities;
  if (Buffer.byteLength(pattern) > longestPattern)
    return refuse(column, `.${operator} is longer than the ${longestPattern} bytes that this database looks for`);
  draft.shape += `${column.index}like;`;
  draft.values.push(pattern);
  return (next) => `${column.quoted} LIKE ${next()} ESCAPE '!'`;
}
