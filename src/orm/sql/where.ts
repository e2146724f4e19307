import { ValidationError } from '../../base/errors.js';
import { encodeValue } from './encode-row.js';
import type { EntityPlan, PlannedColumn } from './entity-plan.js';
import { assertParameterCount, renderTokens, tokenize } from './tokenizer.js';

/** Collects the parameters of one statement and hands out their placeholders. */
export class Parameters {
  readonly values: unknown[] = [];
  readonly #plan: EntityPlan;

  constructor(plan: EntityPlan) {
    this.#plan = plan;
  }

  add(raw: unknown): string {
    this.values.push(raw);
    return this.#plan.dialect.placeholder(this.values.length);
  }

  /** A value of a column, checked and encoded as the column stores it. */
  addValue(column: PlannedColumn, value: unknown): string {
    return this.add(column.toRaw(encodeValue(column, value)));
  }
}

/** Builds the condition of a caller's `where`; '' when there is none. It cannot reach outside of its parentheses. */
export function whereSql(
  plan: EntityPlan,
  where: string | object | undefined,
  params: readonly unknown[] | undefined,
  parameters: Parameters,
): string {
  if (where === undefined) {
    if (params !== undefined && params.length > 0) throw new ValidationError([], 'params were given without a where');
    return '';
  }
  if (typeof where === 'string') return rawWhere(plan, where, params ?? [], parameters);
  if (params !== undefined) throw new ValidationError([], 'params belong to a where written as text');
  return filterSql(plan, where, parameters);
}

function rawWhere(plan: EntityPlan, where: string, params: readonly unknown[], parameters: Parameters): string {
  const { dialect } = plan;
  const first = parameters.values.length + 1;
  const rendered = renderTokens(tokenize(where, true), (name) => plan.column(name).quoted, dialect.placeholder, first);
  assertParameterCount(rendered.parameters, params.length, 'where');
  for (const param of params) parameters.add(dialect.bind(param));
  return rendered.sql.trim() === '' ? '' : `(${rendered.sql}\n)`; // the line break ends a trailing comment
}

function filterSql(plan: EntityPlan, filter: object, parameters: Parameters): string {
  if (Array.isArray(filter) || filter === null)
    throw new ValidationError([], 'where must be text or an object of fields');
  const parts = Object.entries(filter).map(([key, value]) => memberSql(plan, key, value, parameters));
  return parts.filter(Boolean).join(' AND ');
}

function memberSql(plan: EntityPlan, key: string, value: unknown, parameters: Parameters): string {
  if (value === undefined) throw undefinedIn(key);
  if (key === 'and' || key === 'or') return groupSql(plan, key, value, parameters);
  if (key === 'not') {
    const inner = filterSql(plan, value as object, parameters);
    return inner === '' ? '' : `NOT (${inner})`;
  }
  return fieldSql(plan.column(key), value, parameters);
}

function undefinedIn(key: string): ValidationError {
  return new ValidationError(
    [{ loc: ['where', key], msg: 'is undefined', type: 'undefined' }],
    `where.${key} is undefined, which would match every row; leave it out or use null`,
  );
}

function groupSql(plan: EntityPlan, key: 'and' | 'or', value: unknown, parameters: Parameters): string {
  if (!Array.isArray(value)) throw new ValidationError([], `where.${key} must be an array of filters`);
  const parts = value.map((member: object) => filterSql(plan, member, parameters) || '1 = 1');
  if (parts.length === 0) return key === 'or' ? '1 = 0' : '';
  return `(${parts.map((part) => `(${part})`).join(key === 'or' ? ' OR ' : ' AND ')})`;
}

function fieldSql(column: PlannedColumn, value: unknown, parameters: Parameters): string {
  if (!isConditions(value)) return compare(column, 'eq', value, parameters);
  const parts = Object.entries(value).map(([operator, operand]) => {
    if (operand === undefined) throw undefinedIn(`${column.property}.${operator}`);
    return compare(column, operator, operand, parameters);
  });
  if (parts.length === 0)
    throw new ValidationError([], `where.${column.property} is an empty object; name a condition`);
  return parts.join(' AND ');
}

function isConditions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array);
}

const COMPARISONS: Readonly<Record<string, string>> = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };
const PATTERNS: ReadonlySet<string> = new Set(['like', 'contains', 'startsWith']);
const TEXTUAL: ReadonlySet<string> = new Set(['string', 'text', 'uuid', 'date']);
const OPERATORS = [...Object.keys(COMPARISONS), 'in', 'notIn', 'between', 'isNull', ...PATTERNS];

function compare(column: PlannedColumn, operator: string, operand: unknown, parameters: Parameters): string {
  const nullTest = nullSql(column, operator, operand);
  if (nullTest !== undefined) return nullTest;
  if (operand === null) throw new ValidationError([], `where.${column.property}.${operator} cannot be null`);
  assertComparable(column, operator);
  if (Object.hasOwn(COMPARISONS, operator)) {
    return `${column.quoted} ${COMPARISONS[operator]} ${parameters.addValue(column, operand)}`;
  }
  switch (operator) {
    case 'in':
    case 'notIn':
      return inSql(column, operator, operand, parameters);
    case 'between':
      return betweenSql(column, operand, parameters);
    default:
      return likeSql(column, operator, operand, parameters);
  }
}

function nullSql(column: PlannedColumn, operator: string, operand: unknown): string | undefined {
  if (operator === 'isNull') {
    if (typeof operand !== 'boolean')
      throw new ValidationError([], `where.${column.property}.isNull must be true or false`);
    return `${column.quoted} IS ${operand ? '' : 'NOT '}NULL`;
  }
  if (operand !== null || (operator !== 'eq' && operator !== 'ne')) return undefined;
  return `${column.quoted} IS ${operator === 'eq' ? '' : 'NOT '}NULL`;
}

function assertComparable(column: PlannedColumn, operator: string): void {
  if (column.field.type === 'json') {
    throw new ValidationError(
      [],
      `where.${column.property} is json and can only be compared with null; use a where written as text`,
    );
  }
  if (PATTERNS.has(operator) && !TEXTUAL.has(column.field.type)) {
    throw new ValidationError([], `where.${column.property}.${operator} is for text, not for ${column.field.type}`);
  }
  if (OPERATORS.includes(operator)) return;
  throw new ValidationError(
    [],
    `where.${column.property} has no condition "${operator}"; use one of ${OPERATORS.join(', ')}`,
  );
}

function inSql(column: PlannedColumn, operator: 'in' | 'notIn', operand: unknown, parameters: Parameters): string {
  if (!Array.isArray(operand)) throw new ValidationError([], `where.${column.property}.${operator} must be an array`);
  if (operand.some((member) => member === null || member === undefined)) {
    throw new ValidationError(
      [],
      `where.${column.property}.${operator} contains null or undefined, which never match; use isNull`,
    );
  }
  if (operand.length === 0) return operator === 'in' ? '1 = 0' : '1 = 1';
  const list = operand.map((member) => parameters.addValue(column, member)).join(', ');
  return `${column.quoted} ${operator === 'in' ? 'IN' : 'NOT IN'} (${list})`;
}

function betweenSql(column: PlannedColumn, operand: unknown, parameters: Parameters): string {
  if (
    !Array.isArray(operand) ||
    operand.length !== 2 ||
    operand.some((bound) => bound === null || bound === undefined)
  ) {
    throw new ValidationError([], `where.${column.property}.between must be [low, high]`);
  }
  const [low, high] = operand.map((bound) => parameters.addValue(column, bound));
  return `${column.quoted} BETWEEN ${low} AND ${high}`;
}

function likeSql(column: PlannedColumn, operator: string, operand: unknown, parameters: Parameters): string {
  if (typeof operand !== 'string') throw new ValidationError([], `where.${column.property}.${operator} must be text`);
  const plain = operand.replace(/[!%_]/g, '!$&');
  const pattern = operator === 'like' ? operand : operator === 'contains' ? `%${plain}%` : `${plain}%`;
  return `${column.quoted} LIKE ${parameters.add(pattern)} ESCAPE '!'`;
}
