import { currentContext } from '../../base/context.js';
import type { Portable } from '../entity/codec.js';
import { AT } from '../entity/system-fields.js';
import type { Session } from '../session/session.js';
import type { WriteAction } from '../session/write-event.js';
import type { FieldValue } from '../sql/encode-row.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import {
  deleteSql,
  insertSql,
  recordedSql,
  recordRemovalSql,
  recordVersionSql,
  updateSql,
} from '../sql/write-statements.js';

/** A row as portable values, in the order of the plan's columns. */
export type PortableRow = Portable[];

/** Who writes, when, and why. */
export interface Stamp {
  /** ISO text, UTC. */
  readonly now: string;
  readonly actorId: string | null;
  readonly comment: string | null;
}

/**
 * @param notBefore versions of a row never go back in time, even when the clock does: `asOf` relies on it.
 */
export function stamp(session: Session, comment: string | undefined, notBefore?: Portable): Stamp {
  const now = new Date(session.core.clock.now()).toISOString();
  return {
    now: typeof notBefore === 'string' && notBefore > now ? notBefore : now,
    actorId: currentContext().actor?.id ?? null,
    comment: comment ?? null,
  };
}

/** Writes a new row and its version. */
export async function insertRow(session: Session, plan: EntityPlan, row: PortableRow, made: Stamp): Promise<void> {
  const values = row.map((value, index) => plan.columns[index]?.toRaw(value));
  await writeVersion(session, plan, insertSql(plan), values, row[AT.id] as string, made);
  announce(session, plan, 'create', undefined, row);
}

/** Writes changed columns, raises the version and records it. @returns the row after the change. */
export async function updateRow(
  session: Session,
  plan: EntityPlan,
  before: PortableRow,
  changes: readonly FieldValue[],
  made: Stamp,
  action: WriteAction = 'update',
): Promise<PortableRow> {
  const after = [...before];
  for (const { column, value } of changes) after[column.index] = value;
  after[AT.updatedAt] = made.now;
  after[AT.updatedBy] = made.actorId;
  after[AT.version] = (before[AT.version] as number) + 1;
  const written = [...changes.map(({ column }) => column.index), AT.updatedAt, AT.updatedBy, AT.version];
  const id = before[AT.id] as string;
  const values = [...written.map((index) => plan.columns[index]?.toRaw(after[index] as Portable)), id];
  await writeVersion(session, plan, updateSql(plan, written), values, id, made);
  announce(session, plan, action, before, after);
  return after;
}

/** Deletes a row for good. Its last version keeps its values; `_version` is NULL there, for the row has none any more. */
export async function removeRow(session: Session, plan: EntityPlan, before: PortableRow, made: Stamp): Promise<void> {
  const id = before[AT.id] as string;
  if (plan.meta.history) {
    const version = (before[AT.version] as number) + 1;
    const now = plan.rawTime(made.now);
    await session.run(recordRemovalSql(plan), [now, version, now, made.actorId, made.comment, id]);
  }
  await session.run(deleteSql(plan), [id]);
  announce(session, plan, 'delete', before, undefined);
}

/** Runs a statement that leaves the row as its new version is to be, and records that version. */
async function writeVersion(
  session: Session,
  plan: EntityPlan,
  sql: string,
  values: readonly unknown[],
  id: string,
  made: Stamp,
): Promise<void> {
  const extra = [plan.rawTime(made.now), made.actorId, made.comment];
  if (plan.meta.history && plan.dialect.capabilities.writableCtes) {
    await session.run(recordedSql(plan, sql, values.length), [...values, ...extra]);
    return;
  }
  await session.run(sql, values);
  if (plan.meta.history) await session.run(recordVersionSql(plan), [...extra, id]);
}

export function announce(
  session: Session,
  plan: EntityPlan,
  action: WriteAction,
  before: PortableRow | undefined,
  after: PortableRow | undefined,
): void {
  if (!session.core.hasWriteListeners) return;
  const { actor, requestId } = currentContext();
  const last = (after ?? before) as PortableRow;
  session.recordWrite({
    table: plan.meta.table,
    entity: plan.meta.name,
    id: last[AT.id] as string,
    version: (last[AT.version] as number) + (after ? 0 : 1),
    action,
    before: before && plan.instance(before),
    after: after && plan.instance(after),
    actor,
    requestId,
  });
}
