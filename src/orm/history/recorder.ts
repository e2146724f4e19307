import { currentContext } from '../../base/context.js';
import { ValidationError } from '../../base/errors.js';
import type { RawRow } from '../dialect/driver.js';
import { type Portable, UNSTORABLE_TEXT } from '../entity/codec.js';
import { DEFAULT_STRING_LENGTH } from '../entity/field-types.js';
import { isoTime } from '../entity/iso-time.js';
import { AT } from '../entity/system-fields.js';
import type { Session } from '../session/session.js';
import type { ChangeEvent, WriteAction } from '../session/watch/write-event.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import type { FieldValue } from '../sql/write/encode-row.js';
import { commentSql, insertSql, recordedSql, updateSql } from '../sql/write/write-statements.js';

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
  const now = isoTime(session.core.clock.now());
  return {
    now: typeof notBefore === 'string' && notBefore > now ? notBefore : now,
    actorId: checkedActor(currentContext().actor?.id),
    comment: checkedComment(comment),
  };
}

/** @throws ValidationError for an id that `createdBy` and `updatedBy` cannot hold. */
function checkedActor(id: string | undefined): string | null {
  if (id === undefined || id === null) return null;
  if (typeof id === 'string' && id.length <= DEFAULT_STRING_LENGTH && !UNSTORABLE_TEXT.test(id)) return id;
  const fault = `must be text of at most ${DEFAULT_STRING_LENGTH} characters without a NUL or half a surrogate pair`;
  throw new ValidationError([{ loc: ['actor', 'id'], msg: fault, type: 'invalid_value' }]);
}

/** What a user typed as the reason of a change is text like any other. @throws ValidationError */
function checkedComment(comment: string | undefined): string | null {
  if (comment === undefined || comment === null) return null;
  if (typeof comment === 'string' && !UNSTORABLE_TEXT.test(comment)) return comment;
  throw new ValidationError([
    { loc: ['comment'], msg: 'must be text without a NUL or half a surrogate pair', type: 'invalid_value' },
  ]);
}

/** Writes a new row and its version. @returns the row. */
export async function insertRow(
  session: Session,
  plan: EntityPlan,
  row: PortableRow,
  made: Stamp,
): Promise<PortableRow> {
  const values = row.map((value, index) => plan.columns[index]?.toRaw(value));
  await writeVersion(session, plan, insertSql(plan), values, row, made);
  announce(session, plan, 'create', undefined, row);
  return row;
}

/** What a change makes of a row. */
export function rowAfter(before: PortableRow, changes: readonly FieldValue[], made: Stamp): PortableRow {
  const after = [...before];
  for (const { column, value } of changes) after[column.index] = value;
  after[AT.updatedAt] = made.now;
  after[AT.updatedBy] = made.actorId;
  after[AT.version] = (before[AT.version] as number) + 1;
  return after;
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
  const after = rowAfter(before, changes, made);
  const written = [...changes.map(({ column }) => column.index), AT.updatedAt, AT.updatedBy, AT.version];
  const values = [...written.map((index) => plan.columns[index]?.toRaw(after[index] as Portable)), before[AT.id]];
  await writeVersion(session, plan, updateSql(plan, written), values, after, made);
  announce(session, plan, action, before, after);
  return after;
}

/**
 * Runs a statement that leaves the row as its new version is to be. Where the statement cannot record that version, a
 * trigger has, which knows everything but the comment.
 */
function writeVersion(
  session: Session,
  plan: EntityPlan,
  sql: string,
  values: readonly unknown[],
  row: PortableRow,
  made: Stamp,
): Promise<unknown> {
  if (plan.meta.history && plan.dialect.capabilities.writableCtes) {
    const extra = [plan.rawTime(made.now), made.actorId, made.comment];
    return session.run(recordedSql(plan, sql, values.length), [...values, ...extra]);
  }
  const written = session.run(sql, values);
  if (!plan.meta.history || made.comment === null) return written;
  return written.then(() => session.run(commentSql(plan), [made.comment, row[AT.id], row[AT.version]]));
}

/** Tells those who listen, once it is committed. */
export function announce(
  session: Session,
  plan: EntityPlan,
  action: WriteAction,
  before: PortableRow | undefined,
  after: PortableRow | undefined,
): void {
  const { core } = session;
  if (!core.hasListeners) return;
  const last = (after ?? before) as PortableRow;
  const change = changeEvent(plan, action, last[AT.id] as string, (last[AT.version] as number) + (after ? 0 : 1));
  const shown = core.hasWriteListeners && {
    before: before && plan.instance(before),
    after: after && plan.instance(after),
  };
  session.recordWrite(shown ? { ...change, ...shown } : change);
}

/** The same for a row of which only the state after the change is known, as the engine answered it. */
export function announceChange(session: Session, plan: EntityPlan, action: WriteAction, after: RawRow): void {
  if (session.core.hasListeners)
    session.recordWrite(changeEvent(plan, action, String(after[AT.id]), Number(after[AT.version])));
}

/** The same for a row of which only the id and the version that was made are known. */
export function announceKey(
  session: Session,
  plan: EntityPlan,
  action: WriteAction,
  id: string,
  version: number,
): void {
  if (session.core.hasListeners) session.recordWrite(changeEvent(plan, action, id, version));
}

function changeEvent(plan: EntityPlan, action: WriteAction, id: string, version: number): ChangeEvent {
  const context = currentContext();
  const { table, name: entity } = plan.meta;
  return { table, entity, id, version, action, actor: context.actor, requestId: context.requestId, context };
}
