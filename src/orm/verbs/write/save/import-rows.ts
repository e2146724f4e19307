import { withActor, withoutTenant } from '../../../../base/context.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import type { PortableRow } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { EntityPlan, PlannedColumn } from '../../../sql/entity-plan.js';
import { placeholders } from '../../../sql/read/fragment.js';
import { oneOf } from '../../../sql/read/one-of.js';
import { holdKeys } from '../lock/hold-keys.js';
import { idLock, lockOrReserve } from '../lock/lock-row.js';
import { writePast } from '../revert/revert.js';
import { changedValues } from './save.js';

const ACTOR = { id: 'system:csv_import' };

/**
 * Gives rows the values that a backup has of them: each that differs becomes a new version, one that is gone comes back.
 * @param columns those of the entity that the rows have, in their order; `id` is one of them.
 * @returns how many rows were written.
 */
export function importRows(
  scope: Scope,
  plan: EntityPlan,
  columns: readonly PlannedColumn[],
  rows: ReadonlyArray<readonly Portable[]>,
  comment: string,
): Promise<number> {
  const write = (row: readonly Portable[], seen: PortableRow | undefined): Promise<boolean> =>
    importRow(scope, plan, columns, row, seen, comment);
  const idAt = columns.findIndex(({ index }) => index === AT.id);
  const idOf = (row: readonly Portable[]): string => String(row[idAt]);
  return withActor(ACTOR, () =>
    withoutTenant(async () => {
      const current = await currentRows(scope, plan, rows.map(idOf));
      const gone = rows.map(idOf).filter((id) => !current.has(id));
      if (!plan.dialect.capabilities.writersTakeTurns) await holdKeys(scope, plan, gone.map(idLock));
      let written = 0;
      for (const row of rows) if (await write(row, current.get(idOf(row)))) written += 1;
      return written;
    }),
  );
}

/** @returns whether the row differed. */
async function importRow(
  scope: Scope,
  plan: EntityPlan,
  columns: readonly PlannedColumn[],
  row: readonly Portable[],
  seen: PortableRow | undefined,
  comment: string,
): Promise<boolean> {
  if (seen && isSame(seen, columns, row)) return false;
  const id = row[columns.findIndex(({ index }) => index === AT.id)];
  const before = await lockOrReserve(scope, plan, String(id));
  const past = [...(before ?? plan.defaults)];
  for (const [at, column] of columns.entries()) past[column.index] = row[at] as Portable;
  return (await writePast(scope, plan, before, past, { comment })) !== before;
}

async function currentRows(scope: Scope, plan: EntityPlan, ids: readonly string[]): Promise<Map<string, PortableRow>> {
  const found = new Map<string, PortableRow>();
  for (const some of oneOf(plan.dialect, ids)) {
    const where = some.write(plan.columns[AT.id]?.quoted ?? '', placeholders(plan.dialect));
    const rows = await scope.all(
      `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${where}`,
      some.values,
      plan.bigints,
    );
    for (const raw of rows) {
      const row = plan.portable(raw);
      found.set(row[AT.id] as string, row);
    }
  }
  return found;
}

/** Whether the row has the values already; who wrote it last, and when, is no difference. */
function isSame(before: PortableRow, columns: readonly PlannedColumn[], row: readonly Portable[]): boolean {
  const values = columns.map((column, at) => ({ column, value: row[at] as Portable }));
  const own = values.filter(({ column }) => !column.field.system || column.index === AT.deletedAt);
  return changedValues(before, own).length === 0;
}
