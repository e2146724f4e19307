import { ValidationError } from '../../base/errors.js';
import type { Direction } from '../entity/typed-arguments.js';
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
    return termSql(plan, match[1] ?? match[2] ?? '', match[3]?.toLowerCase() === 'desc' ? 'desc' : 'asc');
  });
}

function objectTerms(plan: EntityPlan, orderBy: object): string[] {
  return Object.entries(orderBy).map(([name, direction]) => {
    if (direction !== 'asc' && direction !== 'desc')
      throw new ValidationError([], `orderBy.${name} must be "asc" or "desc"`);
    return termSql(plan, name, direction);
  });
}

function termSql(plan: EntityPlan, name: string, direction: Direction): string {
  const { quoted, field } = plan.column(name);
  return `${quoted} ${direction.toUpperCase()}${field.nullable ? plan.dialect.nullOrder[direction] : ''}`;
}
