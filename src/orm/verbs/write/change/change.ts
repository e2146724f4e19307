import { ValidationError } from '../../../../base/errors.js';
import { AT } from '../../../entity/system-fields.js';
import { stamp, updateRow } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import type { Deletion } from '../../../sql/write/change-shape.js';
import { encodeRow, type FieldValue, fieldValues } from '../../../sql/write/encode-row.js';
import { seenVersion } from '../../checked-options.js';
import { assertId } from '../../read/get-row.js';
import { assertOwnTenant, tenantScope } from '../../tenant.js';
import { assertVersion, lockById } from '../lock/lock-row.js';
import { lockByIds } from '../lock/lock-rows.js';
import { removeRows } from '../remove/removal.js';
import { removeAtOnce } from '../remove/remove-at-once.js';
import { changedValues } from '../save/save.js';
import { actionOf, changeAtOnce, type RowChange } from './change-at-once.js';

export interface ChangeRequest {
  comment?: string;
  expectedVersion?: number;
}

/** Changes some fields of a row. @returns the stored row, or `null` when there is none (or it is soft-deleted). */
export async function updateById(
  session: Session,
  plan: EntityPlan,
  id: string,
  data: object,
  request: ChangeRequest,
): Promise<object | null> {
  assertId(plan, id);
  const change = rowChange(id, updatable(plan, data), request);
  const changed = await changeAtOnce(session, plan, change);
  return changed ? changed.row : session.unit((scope) => updateLocked(scope, plan, change));
}

function rowChange(id: string, values: readonly FieldValue[], { expectedVersion, comment }: ChangeRequest): RowChange {
  return { id, values, expectedVersion: seenVersion(expectedVersion), comment };
}

/** In two steps: looks at the row, then writes what differs. */
async function updateLocked(scope: Scope, plan: EntityPlan, change: RowChange): Promise<object | null> {
  const before = await lockById(scope, plan, change.id);
  if (!before || before[AT.deletedAt] !== null) return null;
  assertVersion(plan, before, change.expectedVersion);
  const changes = changedValues(before, change.values);
  if (changes.length === 0) return plan.instance(before);
  const made = stamp(scope, change.comment, before[AT.updatedAt]);
  return plan.instance(await updateRow(scope, plan, before, changes, made));
}

/** The fields of an update. @throws ValidationError for what the ORM keeps itself. */
export function updatable(plan: EntityPlan, data: object): FieldValue[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new ValidationError([], `${plan.meta.name}: the changes of an update are an object of fields`);
  const values = fieldValues(encodeRow(plan, data));
  const kept = values.find(({ column }) => column.field.system);
  if (kept) {
    throw new ValidationError([
      { loc: [kept.column.property], msg: 'is kept by the ORM itself and cannot be updated', type: 'read_only' },
    ]);
  }
  const tenant = tenantScope(plan);
  const moved = tenant && values.find(({ column }) => column === tenant.column);
  if (tenant && moved) assertOwnTenant(plan, tenant, moved.value);
  return values;
}

/** Hides a row from reads. @returns whether there was one to hide. */
export function softDeleteById(
  session: Session,
  plan: EntityPlan,
  id: string,
  request: ChangeRequest,
): Promise<boolean> {
  return changeDeletion(session, plan, id, request, 'hide');
}

/** Shows a soft-deleted row again. @returns whether there was one. */
export function restoreById(session: Session, plan: EntityPlan, id: string, request: ChangeRequest): Promise<boolean> {
  return changeDeletion(session, plan, id, request, 'show');
}

async function changeDeletion(
  session: Session,
  plan: EntityPlan,
  id: string,
  request: ChangeRequest,
  deletion: Deletion,
): Promise<boolean> {
  assertId(plan, id);
  const changed = await changeAtOnce(session, plan, { ...rowChange(id, [], request), deletion });
  if (changed) return changed.row !== null;
  return session.unit(async (scope) => {
    const before = await lockById(scope, plan, id);
    if (!before || (before[AT.deletedAt] === null) !== (deletion === 'hide')) return false;
    assertVersion(plan, before, request.expectedVersion);
    const made = stamp(scope, request.comment, before[AT.updatedAt]);
    const change = { column: plan.column('deletedAt'), value: deletion === 'hide' ? made.now : null };
    await updateRow(scope, plan, before, [change], made, actionOf(deletion));
    return true;
  });
}

/** Deletes a row for good; its history stays. @returns whether there was one. */
export async function deleteById(
  session: Session,
  plan: EntityPlan,
  id: string,
  request: ChangeRequest,
): Promise<boolean> {
  assertId(plan, id);
  const expected = seenVersion(request.expectedVersion);
  const removed = await removeAtOnce(session, plan, id, { ...request, expectedVersion: expected });
  if (removed !== undefined) return removed;
  return session.unit(async (scope) => {
    const before = (await lockByIds(scope, plan, [id], tenantScope(plan), 'removal')).get(id);
    if (!before) return false;
    assertVersion(plan, before, expected);
    await removeRows(scope, plan, [before], request.comment);
    return true;
  });
}
