import type { Scope } from '../../../session/scope.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';

/** More keys of a table in one transaction are held by the table itself: a server has room for some thousand locks. */
const MOST_KEYS = 256;

/** By the transaction: how many keys of each table it has held. */
const held = new WeakMap<Scope, Map<string, number>>();

/**
 * Holds off every other unit that works on one of these keys of the table, taken in one order by everybody, until the
 * transaction ends.
 * @param coming how many keys the caller is going to hold in all: who begins with few and goes on to hold the table may wait
 *   for somebody who does the same.
 */
export async function holdKeys(
  scope: Scope,
  { meta, dialect }: EntityPlan,
  keys: readonly string[],
  coming = keys.length,
): Promise<void> {
  if (keys.length === 0) return;
  const counts = countsOf(scope);
  const before = counts.get(meta.table) ?? 0;
  counts.set(meta.table, before + keys.length);
  const whole = before + Math.max(coming, keys.length) > MOST_KEYS;
  await dialect.lockKeys(scope, { table: meta.table, keys: [...keys].sort(), whole });
}

function countsOf(scope: Scope): Map<string, number> {
  let outermost = scope;
  while (outermost.parent) outermost = outermost.parent;
  const counts = held.get(outermost) ?? new Map<string, number>();
  held.set(outermost, counts);
  return counts;
}
