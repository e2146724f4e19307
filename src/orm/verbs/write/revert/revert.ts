import { ConflictError, NotFoundError, ValidationError } from '../../../../base/errors.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import { insertRow, type PortableRow, type Stamp, stamp, updateRow } from '../../../history/recorder.js';
import { rawVersion } from '../../../history/versions.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan, PlannedColumn } from '../../../sql/entity-plan.js';
import { seenVersion } from '../../checked-options.js';
import { assertId } from '../../read/get-row.js';
import { assertWhole } from '../../read/history.js';
import { tenantLimit } from '../../resolve.js';
import type { ChangeRequest } from '../change/change.js';
import { assertVersion, lockOrReserve, nextVersion } from '../lock/lock-row.js';
import { changedValues } from '../save/save.js';

/**
 * Gives a row the values that one of its versions had, as a new version: nothing of the past is rewritten. A row that was
 * deleted comes back, for good deleted ones under their old id and with versions going on.
 * @throws NotFoundError for a version that is not there, ValidationError where its values do not suit today's fields.
 */
export async function revertById(
  session: Session,
  plan: EntityPlan,
  id: string,
  version: number,
  request: ChangeRequest,
): Promise<object> {
  assertId(plan, id);
  assertWhole('version', version);
  seenVersion(request.expectedVersion);
  return session.unit(async (scope) => {
    const before = await lockOrReserve(scope, plan, id);
    const past = await pastRow(scope, plan, id, version);
    const comment = request.comment ?? `revert to version ${version}`;
    return plan.instance(await writePast(scope, plan, before, past, { ...request, comment }));
  });
}

/**
 * Gives a locked row values that it had once, or brings it back with them, as a new version.
 * @param before the row as it is; `undefined` where it is gone.
 * @returns the row; `before` itself where it had those values already.
 */
export async function writePast(
  scope: Scope,
  plan: EntityPlan,
  before: PortableRow | undefined,
  past: PortableRow,
  request: ChangeRequest & { comment: string },
): Promise<PortableRow> {
  if (before) return revise(scope, plan, before, past, request);
  if (request.expectedVersion === undefined) return revive(scope, plan, past, request.comment);
  throw new ConflictError(
    `${plan.meta.name} ${String(past[AT.id])} was expected at version ${request.expectedVersion} but is gone`,
  );
}

/** The values of a version, as they may be stored today. */
async function pastRow(scope: Scope, plan: EntityPlan, id: string, version: number): Promise<PortableRow> {
  const raw = await rawVersion(scope, plan, id, version, tenantLimit(plan));
  if (!raw) {
    throw new NotFoundError(`${plan.meta.name} ${id} has no version ${version}`, {
      details: { table: plan.meta.table, id, version },
    });
  }
  if (raw[AT.version] === null) {
    throw new NotFoundError(
      `Version ${version} of ${plan.meta.name} ${id} is its deletion, which left no row; revert to version ${version - 1}`,
      { details: { table: plan.meta.table, id, version } },
    );
  }
  return withDefaults(plan, plan.portable(raw), version);
}

/** A field that became required later has no value in older versions: it gets its default, where it has one. */
function withDefaults(plan: EntityPlan, past: PortableRow, version: number): PortableRow {
  const lacking = ownColumns(plan).filter(({ field, index }) => !field.nullable && past[index] === null);
  const helpless = lacking.filter(({ index }) => plan.defaults[index] === null);
  if (helpless.length > 0) {
    throw new ValidationError(
      helpless.map(({ property }) => ({ loc: [property], msg: 'is required by now', type: 'missing' })),
      `Version ${version} of ${plan.meta.name} has no ${helpless.map(({ property }) => property).join(', ')}, which is required by now; take its other values from getVersion() and save them with one`,
    );
  }
  const row = [...past];
  for (const { index } of lacking) row[index] = plan.defaults[index] as Portable;
  return row;
}

function ownColumns(plan: EntityPlan): PlannedColumn[] {
  return plan.columns.filter(({ field }) => !field.system);
}

async function revise(
  scope: Scope,
  plan: EntityPlan,
  before: PortableRow,
  past: PortableRow,
  request: ChangeRequest,
): Promise<PortableRow> {
  assertVersion(plan, before, request.expectedVersion);
  const restored = [...ownColumns(plan), plan.column('deletedAt')];
  const changes = changedValues(
    before,
    restored.map((column) => ({ column, value: past[column.index] as Portable })),
  );
  if (changes.length === 0) return before;
  const made = stamp(scope, request.comment, before[AT.updatedAt]);
  const [wasHidden, willHide] = [before, past].map((row) => row[AT.deletedAt] !== null);
  const action = wasHidden === willHide ? 'update' : willHide ? 'delete' : 'restore';
  return updateRow(scope, plan, before, changes, made, action);
}

async function revive(scope: Scope, plan: EntityPlan, past: PortableRow, comment: string): Promise<PortableRow> {
  const { version, notBefore } = await nextVersion(scope, plan, past[AT.id] as string);
  const made: Stamp = stamp(scope, comment, notBefore);
  const row = [...past];
  row[AT.updatedAt] = made.now;
  row[AT.updatedBy] = made.actorId;
  row[AT.version] = version;
  await insertRow(scope, plan, row, made);
  return row;
}
