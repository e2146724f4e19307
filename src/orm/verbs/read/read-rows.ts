import { ValidationError } from '../../../base/errors.js';
import type { RawRow } from '../../dialect/driver.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan, Selection } from '../../sql/entity-plan.js';
import { type Fragment, placeholders } from '../../sql/read/fragment.js';
import { type OrderTerm, orderShape, orderSql } from '../../sql/read/order-by.js';
import { assertNames } from '../checked-options.js';

/** The columns a read wants. @throws ValidationError for unknown ones. */
export function selectionOf(plan: EntityPlan, select: readonly string[] | undefined): Selection {
  if (select === undefined) return plan.all;
  assertNames('select', select);
  if (select.length === 0) throw new ValidationError([], 'select is empty; name the fields or leave it out');
  return plan.selection(select.map((name) => plan.column(name)));
}

/** `LIMIT … OFFSET …` with values that can only be numbers. */
export function limitSql(limit: number | undefined, offset: number | undefined): string {
  assertCount('limit', limit);
  assertCount('offset', offset);
  if (limit === undefined && offset === undefined) return '';
  return ` LIMIT ${limit ?? Number.MAX_SAFE_INTEGER}${offset === undefined ? '' : ` OFFSET ${offset}`}`;
}

export function assertCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw new ValidationError([{ loc: [name], msg: 'must be a whole number from 0', type: 'invalid_value' }]);
}

/** What one query reads. */
export interface Reading {
  readonly selection: Selection;
  readonly condition: Fragment;
  readonly order: readonly OrderTerm[];
  /** As `limitSql` writes it. */
  readonly limit: string;
  /** What rows are read from instead of the table. */
  readonly past: Fragment;
}

export function readRows(session: Session, plan: EntityPlan, reading: Reading): Promise<RawRow[]> {
  const { selection, condition, order, limit, past } = reading;
  const sql = plan.text(`find${past.shape} ${selection.shape} ${orderShape(order)}${limit} ${condition.shape}`, () => {
    const next = placeholders(plan.dialect);
    const from = past.write(next) || plan.table;
    return `SELECT ${selection.list} FROM ${from}${condition.write(next)}${orderSql(plan, order)}${limit}`;
  });
  return session.all(sql, [...past.values, ...condition.values], plan.bigints);
}
