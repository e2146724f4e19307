import type { RawRow } from '../../dialect/driver.js';
import type { RelationMeta } from '../../entity/relations.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan, PlannedColumn } from '../../sql/entity-plan.js';
import { inList, LONGEST_LIST } from '../../sql/read/field-condition.js';
import { type Fragment, placeholders } from '../../sql/read/fragment.js';
import { totalOrder } from '../../sql/read/keyset.js';
import { orderShape, orderSql, readOrder } from '../../sql/read/order-by.js';
import type { LooseFindOptions } from '../options.js';
import { readCondition } from './read-condition.js';
import { assertCount, type Reading, readRows, selectionOf } from './read-rows.js';

/** What a relation is read with. */
export type RelatedOptions = Omit<LooseFindOptions, 'db' | 'offset'>;

/**
 * The rows of the other side whose key is one of `keys`, in the order that each of them has.
 * @param past what they are read from instead of the table.
 */
export async function readRelated(
  session: Session,
  plan: EntityPlan,
  { there }: RelationMeta,
  keys: readonly string[],
  options: RelatedOptions,
  past: Fragment,
): Promise<object[]> {
  assertCount('limit', options.limit);
  const column = plan.column(there.property);
  const selection = selectionOf(plan, options.select);
  const order = totalOrder(plan, readOrder(plan, options.orderBy));
  const rows: object[] = [];
  for (let start = 0; start < keys.length; start += LONGEST_LIST) {
    const condition = readCondition(
      plan,
      options,
      inList(plan.dialect, column, keys.slice(start, start + LONGEST_LIST)),
    );
    const reading = { selection, condition, order, limit: '', past };
    const found = await (options.limit === undefined
      ? readRows(session, plan, reading)
      : readFirst(session, plan, reading, column, options.limit));
    for (const row of found) rows.push(selection.hydrate(row));
  }
  return rows;
}

/** No column has this name, for no identifier has a $. */
const RANK = 'rank$';

/** The first rows of every key, counted by the database: none is read that is not wanted. */
function readFirst(
  session: Session,
  plan: EntityPlan,
  { selection, condition, order, past }: Reading,
  key: PlannedColumn,
  limit: number,
): Promise<RawRow[]> {
  const shape = `first ${limit}${past.shape} ${key.index} ${selection.shape} ${orderShape(order)} ${condition.shape}`;
  const sql = plan.text(shape, () => {
    const rank = plan.dialect.quote(RANK);
    const next = placeholders(plan.dialect);
    const from = past.write(next) || plan.table;
    const ranked =
      `SELECT ${selection.list}, ROW_NUMBER() OVER (PARTITION BY ${key.quoted}${orderSql(plan, order)}) AS ${rank} ` +
      `FROM ${from}${condition.write(next)}`;
    return `SELECT ${selection.list} FROM (${ranked}) ranked WHERE ${rank} <= ${limit} ORDER BY ${rank}`;
  });
  return session.all(sql, [...past.values, ...condition.values], plan.bigints);
}
