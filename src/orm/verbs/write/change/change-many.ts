import { AT } from '../../../entity/system-fields.js';
import { announceChanges, type ChangedRow, execute, updateOf } from '../../../history/record-many.js';
import { type PortableRow, rowAfter, stamp } from '../../../history/recorder.js';
import type { Session } from '../../../session/session.js';
import type { WriteAction } from '../../../session/watch/write-event.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import type { Fragment } from '../../../sql/read/fragment.js';
import { type SetTo, TIME_OF_CHANGE } from '../../../sql/write/change-where.js';
import type { FieldValue } from '../../../sql/write/encode-row.js';
import { lockNext } from '../lock/lock-rows.js';
import { changedValues } from '../save/save.js';
import { updatable } from './change.js';
import { changeSetWise } from './change-set-wise.js';
import { type ManyRequest, manyCondition } from './many-condition.js';

/** Rows that are looked at, locked and written together. */
const ROWS_AT_A_TIME = 1_000;

/** One change, made to every row that a condition finds. */
export interface ManyChange {
  readonly condition: Fragment;
  readonly sets: readonly SetTo[];
  readonly action: WriteAction;
  readonly comment: string | undefined;
}

/** Changes fields of all rows that meet a condition, where they really differ. @returns how many rows were changed. */
export async function updateMany(
  session: Session,
  plan: EntityPlan,
  where: string | object,
  data: object,
  request: ManyRequest,
): Promise<number> {
  const condition = manyCondition(plan, where, request, 'live');
  const values = updatable(plan, data);
  if (values.length === 0) return 0;
  return changeMany(session, plan, { condition, sets: values, action: 'update', comment: request.comment });
}

/** Hides all rows that meet a condition. @returns how many there were to hide. */
export async function softDeleteMany(
  session: Session,
  plan: EntityPlan,
  where: string | object,
  request: ManyRequest,
): Promise<number> {
  const condition = manyCondition(plan, where, request, 'live');
  const sets: SetTo[] = [{ column: plan.column('deletedAt'), value: TIME_OF_CHANGE }];
  return changeMany(session, plan, { condition, sets, action: 'delete', comment: request.comment });
}

/** Shows all soft-deleted rows again that meet a condition. @returns how many there were. */
export async function restoreMany(
  session: Session,
  plan: EntityPlan,
  where: string | object,
  request: ManyRequest,
): Promise<number> {
  const condition = manyCondition(plan, where, request, 'hidden');
  const sets: SetTo[] = [{ column: plan.column('deletedAt'), value: null }];
  return changeMany(session, plan, { condition, sets, action: 'restore', comment: request.comment });
}

async function changeMany(session: Session, plan: EntityPlan, change: ManyChange): Promise<number> {
  return (await changeSetWise(session, plan, change)) ?? changeInParts(session, plan, change);
}

/** In one transaction, by the order of ids: a row that the change moves out of the condition, or into it, is seen once. */
function changeInParts(session: Session, plan: EntityPlan, change: ManyChange): Promise<number> {
  return session.unit(async (scope) => {
    let changed = 0;
    for (let after = ''; ; ) {
      const rows = await lockNext(scope, plan, change.condition, after, ROWS_AT_A_TIME, 'change');
      const changes = rows.flatMap((row) => rowChange(scope, row, change));
      const { actorId, comment } = stamp(scope, change.comment);
      await execute(scope, updateOf(plan, changes, { userId: actorId, comment }));
      announceChanges(scope, plan, changes);
      changed += changes.length;
      if (rows.length < ROWS_AT_A_TIME) return changed;
      after = rows.at(-1)?.[AT.id] as string;
    }
  });
}

function rowChange(session: Session, before: PortableRow, { sets, action, comment }: ManyChange): ChangedRow[] {
  const made = stamp(session, comment, before[AT.updatedAt]);
  const values = sets.map(
    ({ column, value }): FieldValue => ({ column, value: value === TIME_OF_CHANGE ? made.now : value }),
  );
  const changes = changedValues(before, values);
  if (changes.length === 0) return [];
  const columns = changes.map(({ column }) => column.index);
  return [{ before, after: rowAfter(before, changes, made), columns, action }];
}
