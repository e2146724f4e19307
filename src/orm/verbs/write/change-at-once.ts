import { AT } from '../../entity/system-fields.js';
import { announce, type Stamp, stamp } from '../../history/recorder.js';
import type { Session } from '../../session/session.js';
import type { WriteAction } from '../../session/watch/write-event.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import { changeReturning, returningParameters } from '../../sql/write/change-returning.js';
import { type ChangeShape, changeShape, type Deletion } from '../../sql/write/change-shape.js';
import { changeParameters, changeSql } from '../../sql/write/change-statement.js';
import type { FieldValue } from '../../sql/write/encode-row.js';
import { commentSql } from '../../sql/write/write-statements.js';
import { type TenantScope, tenantScope } from '../tenant.js';
import { atomically } from './atomically.js';
import { assertVersion } from './lock-row.js';

/** A change of one row that a verb asks for: other values, or another state of deletion. */
export interface RowChange {
  readonly id: string;
  readonly values: readonly FieldValue[];
  readonly deletion?: Deletion;
  readonly expectedVersion: number | undefined;
  readonly comment: string | undefined;
}

/** The row after a change, also where nothing differed; `null` where there is none to change. */
export interface Changed {
  readonly row: object | null;
}

/**
 * Changes a row in one statement, where the engine can.
 * @returns `undefined` where it cannot, or where it only knows that nothing was changed: the caller has to look closer.
 */
export async function changeAtOnce(
  session: Session,
  plan: EntityPlan,
  change: RowChange,
): Promise<Changed | undefined> {
  if (change.values.length === 0 && !change.deletion) return undefined;
  const { capabilities, changeReturning: canReturn } = plan.dialect;
  if (capabilities.writableCtes) return atomically(session, (target) => changeWithBefore(target, plan, change));
  // Listeners want the row as it was, which such a statement does not answer.
  if (!canReturn || session.core.hasWriteListeners) return undefined;
  const needsComment = plan.meta.history && change.comment !== undefined;
  if (!needsComment) return atomically(session, (target) => changeRow(target, plan, change));
  return session.unit(async (scope) => {
    const changed = await changeRow(scope, plan, change);
    if (changed) await scope.run(commentSql(plan), [change.comment, change.id, changed.row.version]);
    return changed;
  });
}

/** One statement that writes row and version, and answers the row before and after. */
async function changeWithBefore(session: Session, plan: EntityPlan, change: RowChange): Promise<Changed> {
  const { deletion, expectedVersion } = change;
  const tenant = tenantScope(plan);
  const made = stamp(session, change.comment);
  const parameters = changeParameters({
    id: change.id,
    values: rawValues(change),
    now: made.now,
    actorId: made.actorId,
    tenant: tenant ? [rawTenant(tenant)] : [],
    expectedVersion: expectedVersion === undefined ? [] : [expectedVersion],
    comment: plan.meta.history ? [made.comment] : [],
  });
  const [row] = await session.change(changeSql(plan, shapeOf(change, tenant)), parameters, plan.bigints);
  if (!row || (row[AT.deletedAt] === null) !== (deletion !== 'show')) return { row: null };
  const after = row.slice(plan.columns.length);
  if (after[AT.id] !== null) {
    if (session.core.hasWriteListeners)
      announce(session, plan, actionOf(deletion), plan.portable(row), plan.portable(after));
    return { row: plan.hydrate(after) };
  }
  assertVersion(plan, plan.portable(row), expectedVersion);
  return { row: plan.hydrate(row) };
}

/** One statement that answers the row after, if it was changed; a trigger records the version. */
async function changeRow(
  session: Session,
  plan: EntityPlan,
  change: RowChange,
): Promise<{ row: object & { version: number } } | undefined> {
  const tenant = tenantScope(plan);
  const statement = changeReturning(plan, shapeOf(change, tenant));
  const made: Stamp = stamp(session, change.comment);
  const bindings = {
    id: change.id,
    now: plan.rawTime(made.now),
    actor: made.actorId,
    tenant: tenant && rawTenant(tenant),
    expected: change.expectedVersion,
  };
  const parameters = returningParameters(statement, bindings, rawValues(change));
  const [row] = await session.change(statement.sql, parameters, plan.bigints);
  return row && { row: plan.hydrate(row) as object & { version: number } };
}

function shapeOf({ values, deletion, expectedVersion }: RowChange, tenant: TenantScope | undefined): ChangeShape {
  const indexes = values.map(({ column }) => column.index);
  return changeShape({ indexes, deletion, tenant: tenant?.column, expects: expectedVersion !== undefined });
}

function rawValues({ values }: RowChange): unknown[] {
  return values.map(({ column, value }) => column.toRaw(value));
}

function rawTenant({ column, value }: TenantScope): unknown {
  return column.toRaw(value);
}

export function actionOf(deletion: Deletion | undefined): WriteAction {
  if (deletion === undefined) return 'update';
  return deletion === 'hide' ? 'delete' : 'restore';
}
