import { AT } from '../entity/system-fields.js';
import { announce, stamp } from '../history/recorder.js';
import type { Session } from '../session/session.js';
import { changeParameters, changeSql } from '../sql/change-statement.js';
import type { FieldValue } from '../sql/encode-row.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import type { ChangeRequest } from './change.js';
import { assertVersion } from './lock-row.js';
import { tenantScope } from './tenant.js';

/** `updateById` in one round trip, for engines that can write row and version in one statement. */
export async function changeAtOnce(
  session: Session,
  plan: EntityPlan,
  id: string,
  changes: readonly FieldValue[],
  request: ChangeRequest,
): Promise<object | null> {
  const tenant = tenantScope(plan);
  const sql = changeSql(
    plan,
    changes.map(({ column }) => column.index),
    tenant?.column,
  );
  const made = stamp(session, request.comment);
  const parameters = changeParameters({
    id,
    values: changes.map(({ column, value }) => column.toRaw(value)),
    now: made.now,
    actorId: made.actorId,
    expectedVersion: request.expectedVersion ?? null,
    tenant: tenant ? [tenant.column.toRaw(tenant.value)] : [],
    comment: plan.meta.history ? [made.comment] : [],
  });
  const [row] = await session.change(sql, parameters, plan.bigints);
  if (!row || row[AT.deletedAt] !== null) return null;
  const width = plan.columns.length;
  const after = row.slice(width);
  if (after[AT.id] !== null) {
    if (session.core.hasWriteListeners) announce(session, plan, 'update', plan.portable(row), plan.portable(after));
    return plan.hydrate(after);
  }
  assertVersion(plan, plan.portable(row), request.expectedVersion);
  return plan.hydrate(row);
}
