import type { RawRow } from '../../../dialect/driver.js';
import { AT } from '../../../entity/system-fields.js';
import { execute, lateNotes } from '../../../history/record-many.js';
import { announce, announceKey, stamp } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { changeWhere, rowsToChange, type WhereChange } from '../../../sql/write/change-where.js';
import type { VersionKey } from '../../../sql/write/note-many.js';
import { atomically } from '../atomically.js';
import type { ManyChange } from './change-many.js';
import { MovedCondition, unlessMoved } from './moved-condition.js';

/**
 * Changes all rows that meet a condition in one statement, or in as few as the engine needs to tell those who listen and to
 * keep a comment, however many rows there are. @returns how many were changed; `undefined` where they have to be looked at.
 */
export async function changeSetWise(
  session: Session,
  plan: EntityPlan,
  change: ManyChange,
): Promise<number | undefined> {
  const { capabilities, changeManyReturning } = plan.dialect;
  const { hasListeners, hasWriteListeners } = session.core;
  // Not every engine can tell for sure whether two documents are the same.
  if (change.sets.some(({ column }) => column.holds)) return undefined;
  const notesLate = change.comment !== undefined && plan.meta.history && !capabilities.writableCtes;
  if (!hasListeners && !notesLate) return atomically(session, (target) => changeUnseen(target, plan, change));
  if (!capabilities.writableCtes && !changeManyReturning) return undefined;
  if (hasWriteListeners && !capabilities.writableCtes)
    return unlessMoved(session, (scope) => changeFound(scope, plan, change));
  if (hasWriteListeners) return atomically(session, (target) => changeShown(target, plan, change));
  if (notesLate) return session.unit((scope) => changeAndNote(scope, plan, change));
  return atomically(session, async (target) => (await changeKnown(target, plan, change)).length);
}

function whereChange(session: Session, { sets, condition, comment }: ManyChange): WhereChange {
  return { sets, condition, made: stamp(session, comment) };
}

function changeUnseen(session: Session, plan: EntityPlan, change: ManyChange): Promise<number> {
  const { sql, params } = changeWhere(plan, whereChange(session, change), 'count');
  return session.run(sql, params);
}

/** Listeners hear which rows were changed. @returns id and version of each. */
async function changeKnown(session: Session, plan: EntityPlan, change: ManyChange): Promise<VersionKey[]> {
  const { sql, params } = changeWhere(plan, whereChange(session, change), 'keys');
  const keys = (await session.change(sql, params)).map(([id, version]): VersionKey => [String(id), Number(version)]);
  for (const [id, version] of keys) announceKey(session, plan, change.action, id, version);
  return keys;
}

/** The triggers that have recorded the versions knew everything but the comment. */
async function changeAndNote(scope: Scope, plan: EntityPlan, change: ManyChange): Promise<number> {
  const keys = await changeKnown(scope, plan, change);
  await execute(scope, lateNotes(plan, keys, change.comment ?? null));
  return keys.length;
}

/** Listeners see the rows before and after, which the statement answers side by side. */
async function changeShown(session: Session, plan: EntityPlan, change: ManyChange): Promise<number> {
  const { sql, params } = changeWhere(plan, whereChange(session, change), 'rows');
  const rows = await session.change(sql, params, plan.bigints);
  for (const row of rows)
    announce(session, plan, change.action, plan.portable(row), plan.portable(row.slice(plan.columns.length)));
  return rows.length;
}

/** The same where the rows before have to be read first; they stay locked. */
async function changeFound(scope: Scope, plan: EntityPlan, change: ManyChange): Promise<number> {
  const where = whereChange(scope, change);
  const found = rowsToChange(plan, where);
  const before = new Map<unknown, RawRow>();
  for (const row of await scope.all(found.sql, found.params, plan.bigints)) before.set(row[AT.id], row);
  const { sql, params } = changeWhere(plan, where, 'rows');
  const rows = await scope.change(sql, params, plan.bigints);
  for (const row of rows) {
    const old = before.get(row[AT.id]);
    if (!old) throw new MovedCondition();
    announce(scope, plan, change.action, plan.portable(old), plan.portable(row));
  }
  const keys = rows.map((row): VersionKey => [String(row[AT.id]), Number(row[AT.version])]);
  await execute(scope, lateNotes(plan, keys, where.made.comment));
  return rows.length;
}
