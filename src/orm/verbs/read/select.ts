import type { Session } from '../../session/session.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import { placeholders } from '../../sql/read/fragment.js';
import { readOrder } from '../../sql/read/order-by.js';
import type { LooseFindOptions } from '../options.js';
import { inclusionOf } from './include.js';
import { readCondition } from './read-condition.js';
import { limitSql, readRows, selectionOf } from './read-rows.js';
import { PRESENT, type Source } from './source.js';

export async function findRows(
  session: Session,
  plan: EntityPlan,
  options: LooseFindOptions,
  source: Source = PRESENT,
): Promise<object[]> {
  const inclusion = inclusionOf(session, plan, options, source);
  const selection = selectionOf(plan, inclusion?.select ?? options.select);
  const found = await readRows(session, plan, {
    selection,
    condition: readCondition(plan, options),
    order: readOrder(plan, options.orderBy),
    limit: limitSql(options.limit, options.offset),
    past: source(plan),
  });
  const rows = found.map(selection.hydrate);
  await inclusion?.attach(rows);
  return rows;
}

export async function countRows(
  session: Session,
  plan: EntityPlan,
  options: LooseFindOptions,
  source: Source = PRESENT,
): Promise<number> {
  const past = source(plan);
  const condition = readCondition(plan, options);
  const sql = plan.text(`count${past.shape} ${condition.shape}`, () => {
    const next = placeholders(plan.dialect);
    return `SELECT COUNT(*) FROM ${past.write(next) || plan.table}${condition.write(next)}`;
  });
  const [row] = await session.all(sql, [...past.values, ...condition.values]);
  return Number(row?.[0]);
}

export async function anyRow(session: Session, plan: EntityPlan, options: LooseFindOptions): Promise<boolean> {
  const condition = readCondition(plan, options);
  const sql = plan.text(
    `any ${condition.shape}`,
    () => `SELECT 1 FROM ${plan.table}${condition.write(placeholders(plan.dialect))} LIMIT 1`,
  );
  return (await session.all(sql, condition.values)).length > 0;
}
