import type { RawRow } from '../../../dialect/driver.js';
import { type PortableRow, stamp } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import type { UpsertKey } from '../../../sql/write/upsert.js';
import { upsertManyStatements } from '../../../sql/write/upsert-many.js';
import { newRow, type PreparedRow, type SaveRequest } from './prepared-row.js';
import { keyOf, merged, orLater, savedRow } from './upsert.js';

/** A row to save, what it is where it is new, and where it stood in the list. */
interface Wanted {
  readonly row: PreparedRow;
  readonly full: PortableRow;
  readonly at: number;
}

/**
 * Saves rows by a unique key, no two of them the same, all or none: one statement for rows that name the same fields.
 * `otherwise` saves a row that has to be locked first. @returns the stored rows in their order; `undefined` where nothing was
 * saved: on an engine inside this process looking first costs no round trip.
 */
export async function upsertRows(
  scope: Scope,
  plan: EntityPlan,
  rows: readonly PreparedRow[],
  request: SaveRequest,
  otherwise: (inner: Scope, row: PreparedRow) => Promise<object>,
): Promise<object[] | undefined> {
  const [first] = rows;
  const key = first && keyOf(scope, plan, first, request);
  if (!key || plan.dialect.capabilities.embedded) return undefined;
  if (rows.some((row) => !keyOf(scope, plan, row, request))) return undefined;
  return orLater(scope, plan, key, () =>
    scope.unit(async (inner) => {
      const saved = await upsertTogether(inner, plan, rows, key, request);
      const all: object[] = [];
      for (const [at, row] of rows.entries()) all.push(saved.get(at) ?? (await otherwise(inner, row)));
      return all;
    }),
  );
}

/** @returns those that were saved, by where they stood in the list. */
async function upsertTogether(
  scope: Scope,
  plan: EntityPlan,
  rows: readonly PreparedRow[],
  key: UpsertKey,
  { comment }: SaveRequest,
): Promise<Map<number, object>> {
  const made = stamp(scope, comment);
  const note = { userId: made.actorId, comment: made.comment };
  const answered = new Map<string, RawRow>();
  const wanted = rows.map((row, at): Wanted => {
    return { row, full: newRow(plan, row, scope.core.newId(plan.meta.table), 1, made), at };
  });
  for (const [indexes, some] of byFields(wanted, key)) {
    const fulls = inOrder(some, key);
    for (const { sql, params } of upsertManyStatements(plan, key, indexes, fulls, note))
      for (const raw of await scope.change(sql, params, plan.bigints))
        answered.set(
          keyText(key, (index) => plan.columns[index]?.fromRaw(raw[index])),
          raw,
        );
  }
  const saved = new Map<number, object>();
  for (const { row, full, at } of wanted) {
    const stored = answered.get(keyText(key, (index) => full[index]));
    const instance = stored && savedRow(scope, plan, row, full, stored);
    if (instance) saved.set(at, instance);
  }
  return saved;
}

/** Rows that write the same columns over a stored one. */
function byFields(wanted: readonly Wanted[], key: UpsertKey): Array<[readonly number[], Wanted[]]> {
  const groups = new Map<string, [readonly number[], Wanted[]]>();
  for (const one of wanted) {
    const indexes = merged(one.row, key).sort((a, b) => a - b);
    const group = groups.get(indexes.join()) ?? [indexes, []];
    group[1].push(one);
    groups.set(indexes.join(), group);
  }
  return [...groups.values()];
}

/** Everybody takes keys in the same order, so that two callers take turns instead of waiting for each other. */
function inOrder(wanted: readonly Wanted[], key: UpsertKey): PortableRow[] {
  const texts = new Map(wanted.map(({ full }) => [full, keyText(key, (index) => full[index])]));
  return [...texts].sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([full]) => full);
}

function keyText({ columns }: UpsertKey, value: (index: number) => unknown): string {
  return JSON.stringify(columns.map(({ index }) => String(value(index))));
}
