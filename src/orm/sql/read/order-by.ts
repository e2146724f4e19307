import { ValidationError } from '../../../base/errors.js';
import { shownName } from '../../entity/naming.js';
import type { Direction } from '../../entity/typed-arguments.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { isPlainObject } from './field-condition.js';

/** One column that rows are ordered by. */
export interface OrderTerm {
  readonly column: PlannedColumn;
  readonly direction: Direction;
}

const TERM = /^\s*(?:\[(\w+)\]|(\w+))(?:\s+(asc|desc))?\s*$/i;

/** Reads a caller's order. Every name is checked against the entity. */
export function readOrder(plan: EntityPlan, orderBy: string | object | undefined): readonly OrderTerm[] {
  if (orderBy === undefined) return [];
  if (typeof orderBy === 'string') return textTerms(plan, orderBy);
  if (isPlainObject(orderBy)) return objectTerms(plan, orderBy);
  throw new ValidationError([], 'orderBy must be text such as "name desc", or an object such as { name: "desc" }');
}

function textTerms(plan: EntityPlan, orderBy: string): OrderTerm[] {
  return orderBy.split(',').map((term) => {
    const match = TERM.exec(term);
    if (!match)
      throw new ValidationError([], `orderBy "${shownName(orderBy)}" must be written like "name desc, price"`);
    const column = orderable(plan, match[1] ?? match[2] ?? '');
    return { column, direction: match[3]?.toLowerCase() === 'desc' ? 'desc' : 'asc' };
  });
}

function objectTerms(plan: EntityPlan, orderBy: object): OrderTerm[] {
  return Object.entries(orderBy).map(([name, direction]) => {
    if (direction !== 'asc' && direction !== 'desc')
      throw new ValidationError([], `orderBy.${name} must be "asc" or "desc"`);
    return { column: orderable(plan, name), direction };
  });
}

/** @throws ValidationError for a field without an order. */
export function orderable(plan: EntityPlan, name: string): PlannedColumn {
  const column = plan.column(name);
  if (column.field.type !== 'json') return column;
  throw new ValidationError(
    [],
    `${plan.meta.name}.${column.property} is json, which has no order that engines agree on`,
  );
}

/** By names, which stay the same when the class gets other fields. */
export function orderNames(terms: readonly OrderTerm[]): string {
  return terms.map(({ column, direction }) => `${column.field.column} ${direction}`).join();
}

/** Orders of equal shape have equal text. */
export function orderShape(terms: readonly OrderTerm[]): string {
  return terms.map(({ column, direction }) => `${column.index}${direction}`).join();
}

/** `ORDER BY …`, or '' when no order is wanted. */
export function orderSql(plan: EntityPlan, terms: readonly OrderTerm[]): string {
  if (terms.length === 0) return '';
  const { nullOrder } = plan.dialect;
  const parts = terms.map(
    ({ column: { quoted, field }, direction }) =>
      `${quoted} ${direction.toUpperCase()}${field.nullable ? nullOrder[direction] : ''}`,
  );
  return ` ORDER BY ${parts.join(', ')}`;
}
