import { ValidationError } from '../../../base/errors.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { JsonPath, JsonScalar } from '../../dialect/json-path.js';
import type { PlannedColumn } from '../entity-plan.js';
import { encodeValue } from '../write/encode-row.js';
import { type Draft, textShape, type Write } from './fragment.js';

/** Reads `{ path: ['a', 0], eq: value }`. A path that leads nowhere, or to null, is NULL, as a field without a value is. */
export function readJsonCondition(
  dialect: Dialect,
  column: PlannedColumn,
  condition: Readonly<Record<string, unknown>>,
  draft: Draft,
): Write {
  const { path, ...comparisons } = condition;
  assertPath(column, path);
  const operators = Object.keys(comparisons);
  if (operators.length === 0) throw fault(column, 'names a path and no condition; use eq or ne');
  const writes = operators.map((operator) => {
    const value = comparisons[operator];
    if (operator !== 'eq' && operator !== 'ne')
      throw fault(column, `has no condition "${operator}" on a path; use eq or ne`);
    assertScalar(column, operator, value);
    draft.shape += `${column.index}${operator}${typeof value}${value === null};${textShape(JSON.stringify(path))}`;
    const { values, write } = dialect.jsonEquals(column.quoted, path, value);
    draft.values.push(...values);
    return (next: () => string) => (operator === 'eq' ? `(${write(next)})` : `NOT (${write(next)})`);
  });
  return (next) => writes.map((write) => write(next)).join(' AND ');
}

function fault(column: PlannedColumn, what: string): ValidationError {
  return new ValidationError([], `where.${column.property} ${what}`);
}

function assertPath(column: PlannedColumn, path: unknown): asserts path is JsonPath {
  const isStep = (step: unknown): boolean =>
    typeof step === 'string' || (Number.isSafeInteger(step) && (step as number) >= 0);
  if (!Array.isArray(path) || !path.every(isStep))
    throw fault(column, 'must have a path of names and places, such as ["items", 0, "name"]');
  encodeValue(column, path);
}

function assertScalar(column: PlannedColumn, operator: string, value: unknown): asserts value is JsonScalar {
  if (value === undefined) throw fault(column, `compares a path with undefined; leave ${operator} out or use null`);
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
    throw fault(column, `compares a path with what is no text, number, boolean or null`);
  encodeValue(column, value);
}
