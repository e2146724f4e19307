import type { RawRow } from '../../../dialect/driver.js';
import { announce, announceKey, stamp } from '../../../history/recorder.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import type { Fragment } from '../../../sql/read/fragment.js';
import type { BoundStatement } from '../../../sql/write/bound-statement.js';
import type { Answer } from '../../../sql/write/change-where.js';
import { recordEnds, removeRecorded, removeWhere } from '../../../sql/write/remove-where.js';
import { atomically } from '../atomically.js';
import { MovedCondition, unlessMoved } from '../change/moved-condition.js';
import { referencesTo } from './references.js';

/**
 * Deletes all rows for good that meet a condition in one statement, or in two where triggers record versions, however many
 * rows there are. @returns how many there were; `undefined` where they have to be looked at.
 */
export async function deleteSetWise(
  session: Session,
  plan: EntityPlan,
  condition: Fragment,
  comment: string | undefined,
): Promise<number | undefined> {
  const { core } = session;
  const { capabilities, changeManyReturning } = plan.dialect;
  if (referencesTo(core, plan.meta).length > 0) return undefined;
  if (core.hasListeners && !capabilities.writableCtes && !changeManyReturning) return undefined;
  const answer: Answer = core.hasWriteListeners ? 'rows' : core.hasListeners ? 'keys' : 'count';
  const made = stamp(session, comment);
  if (capabilities.writableCtes)
    return atomically(session, (target) => remove(target, plan, removeWhere(plan, condition, made, answer), answer));
  const removal = removeRecorded(plan, condition, answer);
  if (!plan.meta.history) return atomically(session, (target) => remove(target, plan, removal, answer));
  return unlessMoved(session, async (scope) => {
    const ends = recordEnds(plan, condition, made);
    const ended = await scope.run(ends.sql, ends.params);
    const removed = await remove(scope, plan, removal, answer);
    if (removed !== ended) throw new MovedCondition();
    return removed;
  });
}

/** @returns how many rows went. */
async function remove(
  session: Session,
  plan: EntityPlan,
  { sql, params }: BoundStatement,
  answer: Answer,
): Promise<number> {
  if (answer === 'count') return session.run(sql, params);
  const rows: RawRow[] = await session.change(sql, params, answer === 'rows' && plan.bigints);
  for (const row of rows) {
    if (answer === 'rows') announce(session, plan, 'delete', plan.portable(row), undefined);
    else announceKey(session, plan, 'delete', String(row[0]), Number(row[1]) + 1);
  }
  return rows.length;
}
