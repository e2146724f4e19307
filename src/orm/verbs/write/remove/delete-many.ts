import { AT } from '../../../entity/system-fields.js';
import { stamp } from '../../../history/recorder.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import type { Fragment } from '../../../sql/read/fragment.js';
import { flag } from '../../checked-options.js';
import { type ManyRequest, manyCondition } from '../change/many-condition.js';
import { lockNext } from '../lock/lock-rows.js';
import { deleteSetWise } from './delete-set-wise.js';
import { mayHoldEachOther } from './references.js';
import { Removal, removeRows } from './removal.js';

/** Rows that are looked at, locked and deleted together. */
const ROWS_AT_A_TIME = 1_000;

export interface DeleteManyRequest extends ManyRequest {
  /** Also rows that are soft-deleted. */
  includeDeleted?: boolean;
}

/**
 * Deletes all rows for good that meet a condition, in one transaction; their history stays.
 * @returns how many there were, without those that followed them.
 */
export async function deleteMany(
  session: Session,
  plan: EntityPlan,
  where: string | object,
  request: DeleteManyRequest,
): Promise<number> {
  const among = flag('includeDeleted', request.includeDeleted) ? 'all' : 'live';
  const condition = manyCondition(plan, where, request, among);
  return (
    (await deleteSetWise(session, plan, condition, request.comment)) ??
    deleteInParts(session, plan, condition, request.comment)
  );
}

/** Where other rows follow those that go, or stand against it, each has to be looked at. */
async function deleteInParts(
  session: Session,
  plan: EntityPlan,
  condition: Fragment,
  comment: string | undefined,
): Promise<number> {
  return session.unit(async (scope) => {
    // Rows that may restrict each other have to be known all before the first can go; others go batch by batch.
    const together = mayHoldEachOther(session.core, plan.meta) ? new Removal(scope) : undefined;
    let deleted = 0;
    for (let after = ''; ; ) {
      const rows = await lockNext(scope, plan, condition, after, ROWS_AT_A_TIME, 'removal');
      if (together) await together.doom(plan, rows);
      else if (rows.length > 0) await removeRows(scope, plan, rows, comment);
      deleted += rows.length;
      if (rows.length < ROWS_AT_A_TIME) break;
      after = rows.at(-1)?.[AT.id] as string;
    }
    await together?.carryOut(stamp(scope, comment));
    return deleted;
  });
}
