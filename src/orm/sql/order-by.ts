import { ValidationError } from '../../base/errors.js';
import type { EntityPlan } from './entity-plan.js';

const TERM = /^\s*(?:\[(\w+)\]|(\w+))(?:\s+(asc|desc))?\s*$/i;

/** `ORDER BY …`, or '' when no order is wanted. Every name is checked against the entity. */
export function orderBySql(plan: EntityPlan, orderBy: string | object | undefined): string {
  if (orderBy === undefined) return '';
  const terms = typeof orderBy === 'string' ? textTerms(plan, orderBy) : objectTerms(plan, orderBy);
  return terms.length === 0 ? '' : ` ORDER BY ${terms.join(', ')}`;
}

function textTerms(plan: EntityPlan, orderBy: string): string[] {
  return orderBy.split(',').map((term) => {
    const match = TERM.exec(term);
    if (!match) throw new ValidationError([], `orderBy "${orderBy}" must be written like "name desc, price"`);
    return `${plan.column(match[1] ?? match[2] ?? '').quoted} ${(match[3] ?? 'asc').toUpperCase()}`;
  });
}

function objectTerms(plan: EntityPlan, orderBy: object): string[] {
  return Object.entries(orderBy).map(([name, direction]) => {
    if (direction !== 'asc' && direction !== 'desc')
      throw new ValidationError([], `orderBy.${name} must be "asc" or "desc"`);
    return `${plan.column(name).quoted} ${direction.toUpperCase()}`;
  });
}
