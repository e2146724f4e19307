import {
  announceChanges,
  announceInserts,
  type ChangedRow,
  execute,
  insertOf,
  updateOf,
} from '../../../history/record-many.js';
import { type PortableRow, rowAfter, stamp } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { tenantScope } from '../../tenant.js';
import { lockMatches } from '../lock/lock-matches.js';
import { lastVersions, lockByIds } from '../lock/lock-rows.js';
import { newRow, type PreparedRow, type SaveRequest } from './prepared-row.js';
import { mergeChange } from './save.js';

/**
 * Saves rows none of which is meant twice: locks those that are there, then inserts and changes them set-wise.
 * @param coming how many rows are saved in all, these among them. @returns `undefined` where nothing was saved.
 */
export async function saveTogether(
  scope: Scope,
  plan: EntityPlan,
  wave: readonly PreparedRow[],
  request: SaveRequest,
  coming: number,
): Promise<object[] | undefined> {
  const stored = await lockStored(scope, plan, wave, coming);
  if (!stored) return undefined;
  const newIds = wave.flatMap((row) => (row.id === undefined || stored.has(row) ? [] : row.id));
  const ended = await lastVersions(scope, plan, newIds);
  const inserts: PortableRow[] = [];
  const changes: ChangedRow[] = [];
  const saved = wave.map((row) => {
    const before = stored.get(row);
    if (before) {
      const change = mergeChange(scope, plan, before, row, request);
      if (!change) return before;
      const after = rowAfter(before, change.changes, change.made);
      const columns = change.changes.map(({ column }) => column.index);
      changes.push({ before, after, columns, action: change.action });
      return after;
    }
    const id = row.id ?? scope.core.newId(plan.meta.table);
    const last = ended.get(id);
    const made = stamp(scope, request.comment, last?.notBefore);
    const inserted = newRow(plan, row, id, (last?.version ?? 0) + 1, made);
    inserts.push(inserted);
    return inserted;
  });
  const { actorId, comment } = stamp(scope, request.comment);
  await execute(scope, insertOf(plan, inserts, { userId: actorId, comment }));
  await execute(scope, updateOf(plan, changes, { userId: actorId, comment }));
  announceInserts(scope, plan, inserts);
  announceChanges(scope, plan, changes);
  return saved.map((row) => plan.instance(row));
}

/** The stored row of each row that has one. */
async function lockStored(
  scope: Scope,
  plan: EntityPlan,
  wave: readonly PreparedRow[],
  coming: number,
): Promise<Map<PreparedRow, PortableRow> | undefined> {
  if (wave.some(({ match }) => match !== undefined)) return lockMatches(scope, plan, wave, coming);
  const byId = await lockByIds(
    scope,
    plan,
    wave.flatMap(({ id }) => id ?? []),
    tenantScope(plan),
  );
  const stored = new Map<PreparedRow, PortableRow>();
  for (const row of wave) {
    const found = row.id === undefined ? undefined : byId.get(row.id);
    if (found) stored.set(row, found);
  }
  return stored;
}
