import { ValidationError } from '../../../base/errors.js';
import type { RawRow } from '../../dialect/driver.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import { decodeCursor, encodeCursor } from '../../sql/read/cursor.js';
import { type Fragment, NOTHING } from '../../sql/read/fragment.js';
import { reversed, rowsAfter, totalOrder } from '../../sql/read/keyset.js';
import { type OrderTerm, readOrder } from '../../sql/read/order-by.js';
import type { LoosePageOptions, Page } from '../options.js';
import { inclusionOf } from './include.js';
import { readCondition } from './read-condition.js';
import { limitSql, readRows, selectionOf } from './read-rows.js';
import { PRESENT, type Source } from './source.js';

const DEFAULT_LIMIT = 50;

/**
 * One page of the rows in an order. It begins behind the place of a row and not behind a number of rows, so that no row is
 * seen twice or left out when others come or go in front of it, and the last page costs no more than the first.
 */
export async function findPage(
  session: Session,
  plan: EntityPlan,
  options: LoosePageOptions,
  source: Source = PRESENT,
): Promise<Page<object>> {
  const { limit = DEFAULT_LIMIT, after, before } = options;
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new ValidationError([{ loc: ['limit'], msg: 'must be a whole number from 1', type: 'invalid_value' }]);
  if (after !== undefined && before !== undefined)
    throw new ValidationError([], 'A page lies after a cursor or before one; give only one of them');
  const order = totalOrder(plan, readOrder(plan, options.orderBy));
  const backwards = before !== undefined;
  const direction = backwards ? reversed(order) : order;
  const inclusion = inclusionOf(session, plan, options, source);
  const selection = selectionOf(plan, inclusion?.select ?? options.select);
  const keys = order.map(({ column }) => column).filter((column) => !selection.columns.includes(column));
  const read = plan.selection([...selection.columns, ...keys]);
  const found = await readRows(session, plan, {
    selection: read,
    condition: readCondition(plan, options, placeOf(plan, order, direction, options)),
    order: direction,
    limit: limitSql(limit + 1, undefined),
    past: source(plan),
  });
  const rows = found.slice(0, limit);
  if (backwards) rows.reverse();

  const isFurther = found.length > limit;
  const cursor = (row: RawRow | undefined): string | null => {
    if (!row) return null;
    const values = order.map(({ column }) => column.fromRaw(row[read.columns.indexOf(column)]));
    return encodeCursor(plan, order, values);
  };
  const nextCursor = backwards || isFurther ? cursor(rows.at(-1)) : null;
  const previousCursor = (backwards ? isFurther : after !== undefined) ? cursor(rows[0]) : null;
  const items = rows.map(selection.hydrate);
  await inclusion?.attach(items);
  return { items, hasMore: nextCursor !== null, nextCursor, previousCursor };
}

/** Where the page begins. */
function placeOf(
  plan: EntityPlan,
  order: readonly OrderTerm[],
  direction: readonly OrderTerm[],
  { after, before }: LoosePageOptions,
): Fragment {
  if (after !== undefined) return rowsAfter(direction, decodeCursor(plan, order, 'after', after));
  return before === undefined ? NOTHING : rowsAfter(direction, decodeCursor(plan, order, 'before', before));
}
