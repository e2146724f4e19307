import { ValidationError } from '../../base/errors.js';
import { AT, isSystemProperty } from '../entity/system-fields.js';
import { removeRow, stamp, updateRow } from '../history/recorder.js';
import type { Session } from '../session/session.js';
import { encodeRow, type FieldValue } from '../sql/encode-row.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import { atomically } from './atomically.js';
import { changeAtOnce } from './change-at-once.js';
import { assertVersion, lockById } from './lock-row.js';
import { changedValues } from './save.js';
import { assertId } from './select.js';
import { assertOwnTenant, tenantScope } from './tenant.js';

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
  const values = updatable(plan, data);
  if (values.length > 0 && plan.dialect.capabilities.writableCtes)
    return atomically(session, (target) => changeAtOnce(target, plan, id, values, request));
  return session.unit(async (scope) => {
    const before = await lockById(scope, plan, id);
    if (!before || before[AT.deletedAt] !== null) return null;
    assertVersion(plan, before, request.expectedVersion);
    const changes = changedValues(before, values);
    if (changes.length === 0) return plan.instance(before);
    const made = stamp(scope, request.comment, before[AT.updatedAt]);
    return plan.instance(await updateRow(scope, plan, before, changes, made));
  });
}

function updatable(plan: EntityPlan, data: object): FieldValue[] {
  const values = encodeRow(plan, data);
  const kept = values.find(({ column }) => isSystemProperty(column.property));
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
  return changeDeletion(session, plan, id, request, true);
}

/** Shows a soft-deleted row again. @returns whether there was one. */
export function restoreById(session: Session, plan: EntityPlan, id: string, request: ChangeRequest): Promise<boolean> {
  return changeDeletion(session, plan, id, request, false);
}

async function changeDeletion(
  session: Session,
  plan: EntityPlan,
  id: string,
  request: ChangeRequest,
  hide: boolean,
): Promise<boolean> {
  assertId(plan, id);
  return session.unit(async (scope) => {
    const before = await lockById(scope, plan, id);
    if (!before || (before[AT.deletedAt] === null) !== hide) return false;
    assertVersion(plan, before, request.expectedVersion);
    const made = stamp(scope, request.comment, before[AT.updatedAt]);
    const change = { column: plan.column('deletedAt'), value: hide ? made.now : null };
    await updateRow(scope, plan, before, [change], made, hide ? 'delete' : 'restore');
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
  return session.unit(async (scope) => {
    const before = await lockById(scope, plan, id);
    if (!before) return false;
    assertVersion(plan, before, request.expectedVersion);
    await removeRow(scope, plan, before, stamp(scope, request.comment, before[AT.updatedAt]));
    return true;
  });
}
