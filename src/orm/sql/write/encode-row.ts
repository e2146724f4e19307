import { ValidationError, type ValidationIssue } from '../../../base/errors.js';
import { type Portable, ValueFault } from '../../entity/codec.js';
import { resolveRelation } from '../../entity/relations.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import type { EncodedValues } from './key-list.js';

/** One field of a write: its column and its portable value. */
export interface FieldValue {
  readonly column: PlannedColumn;
  readonly value: Portable;
}

/** What a caller gave of a row: columns, and their values at the same places; `undefined` where none was given. */
export interface GivenRow {
  readonly columns: readonly PlannedColumn[];
  readonly values: EncodedValues;
}

/** Encodes one value. @throws ValidationError that names the field. */
export function encodeValue(column: PlannedColumn, value: unknown): Portable {
  if (value === null) return null;
  try {
    return column.field.codec.encode(value);
  } catch (error) {
    if (!(error instanceof ValueFault)) throw error;
    throw new ValidationError([issue(column, error)]);
  }
}

/**
 * Encodes what a caller gave; `undefined` means "not given".
 * @throws ValidationError that names every unknown field and every value that does not fit.
 */
export function encodeRow(plan: EntityPlan, data: object): GivenRow {
  const known = plan.givenBy(Object.keys(data));
  if (known) {
    try {
      return { columns: known.columns, values: known.list.encode(data as Record<string, unknown>) };
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error; // else below, which names all that does not fit
    }
  }
  const values = encodeEach(plan, data as Record<string, unknown>);
  return { columns: values.map(({ column }) => column), values: values.map(({ value }) => value) };
}

/** The fields that were given, one by one. */
export function fieldValues({ columns, values }: GivenRow): FieldValue[] {
  const given: FieldValue[] = [];
  for (let index = 0; index < columns.length; index++) {
    const value = values[index];
    if (value !== undefined) given.push({ column: columns[index] as PlannedColumn, value });
  }
  return given;
}

function encodeEach(plan: EntityPlan, fields: Readonly<Record<string, unknown>>): FieldValue[] {
  const values: FieldValue[] = [];
  const issues: ValidationIssue[] = [];
  for (const property of Object.keys(fields)) {
    const given = fields[property];
    if (given === undefined || isIncluded(plan, property, given)) continue;
    const column = plan.column(property);
    if (property !== column.property && Object.hasOwn(fields, column.property)) {
      issues.push({ loc: [property], msg: `is ${column.property} by another name; give it once`, type: 'duplicate' });
      continue;
    }
    try {
      values.push({ column, value: given === null ? null : column.field.codec.encode(given) });
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      issues.push(issue(column, error));
    }
  }
  if (issues.length > 0) throw new ValidationError(issues);
  return values;
}

/**
 * Whether a property holds rows that were read with this one: they are no values of it, and are saved by themselves.
 * @throws ValidationError for anything else in the place of a relation, which would be lost.
 */
function isIncluded(plan: EntityPlan, property: string, given: unknown): boolean {
  const relation = plan.meta.relations.get(property);
  if (!relation) return false;
  const { entity } = resolveRelation(plan.meta, property, relation).target;
  const isRow = (value: unknown): boolean => value instanceof entity;
  if (given === null || isRow(given) || (Array.isArray(given) && given.every(isRow))) return true;
  throw new ValidationError(
    [{ loc: [property], msg: 'is a relation', type: 'relation' }],
    `${plan.meta.name}.${property} is a relation; save ${entity.name} rows by themselves`,
  );
}

function issue(column: PlannedColumn, fault: ValueFault): ValidationIssue {
  return { loc: [column.property], msg: fault.message, type: 'invalid_value' };
}

/** Whether two portable values of one column are the same value. */
export function sameValue(column: PlannedColumn, a: Portable, b: Portable): boolean {
  if (a === null || b === null) return a === b;
  const equals = column.field.codec.equals as ((a: Portable, b: Portable) => boolean) | undefined;
  return equals ? equals(a, b) : a === b;
}
