import { ConstraintError } from '../../../../base/errors.js';
import type { RawRow } from '../../../dialect/driver.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import { announceChange, type PortableRow, stamp } from '../../../history/recorder.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { type FieldValue, sameValue } from '../../../sql/write/encode-row.js';
import { type UpsertKey, upsertSql } from '../../../sql/write/upsert.js';
import { atomically } from '../atomically.js';
import { newRow, type PreparedRow, type SaveRequest } from './prepared-row.js';

/** Keys that a database turned out not to have: a migration may still be waiting for rows to be mended. */
const missing = new WeakMap<object, Set<string>>();

/**
 * Saves by `matchBy` in one statement, where a unique key of the entity covers exactly those fields.
 * @returns the stored row; `undefined` where the row has to be looked up, and locked, first.
 */
export async function upsertRow(
  session: Session,
  plan: EntityPlan,
  row: PreparedRow,
  request: SaveRequest,
): Promise<object | undefined> {
  const key = keyOf(session, plan, row, request);
  return (
    key && orLater(session, plan, key, () => atomically(session, (target) => upsert(target, plan, row, key, request)))
  );
}

/** @returns `undefined` where it fails for what a closer look may mend. */
export async function orLater<T>(
  session: Session,
  plan: EntityPlan,
  key: UpsertKey,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConstraintError) return undefined; // perhaps of the row to insert, where one is to be changed
    if (!session.core.dialect.lacksKey?.(error)) throw error;
    missingKeys(session).add(nameOf(plan, key));
    return undefined;
  }
}

async function upsert(
  session: Session,
  plan: EntityPlan,
  row: PreparedRow,
  key: UpsertKey,
  { comment }: SaveRequest,
): Promise<object | undefined> {
  const made = stamp(session, comment);
  const full = newRow(plan, row, session.core.newId(plan.meta.table), 1, made);
  const values = plan.columns.map(({ toRaw, index }) => toRaw(full[index] as Portable));
  const recorded = plan.meta.history && plan.dialect.capabilities.writableCtes;
  const params = recorded ? [...values, made.actorId, made.comment] : values;
  const [stored] = await session.change(upsertSql(plan, key, merged(row, key)), params, plan.bigints);
  return stored && savedRow(session, plan, row, full, stored);
}

/** The columns that are written where the row is there. */
export function merged({ values }: PreparedRow, key: UpsertKey): number[] {
  const given = values.map(({ column }) => column.index);
  return given.filter((index) => !key.columns.some((column) => column.index === index));
}

/**
 * What became of a row that was to be saved as `full`, and is `stored` as the engine answered it; listeners hear of it.
 * @returns `undefined` where another row stood against it.
 */
export function savedRow(
  session: Session,
  plan: EntityPlan,
  row: PreparedRow,
  full: PortableRow,
  stored: RawRow,
): object | undefined {
  if (!isMeant(plan, stored, row)) return undefined;
  const isNew = stored[AT.id] === full[AT.id];
  if (isNew || mayHaveChanged(plan, stored, full[AT.updatedAt] as string))
    announceChange(session, plan, isNew ? 'create' : 'update', stored);
  return plan.hydrate(stored);
}

/** What was changed is no older than the change. Of one that is as old by chance, listeners hear once more. */
function mayHaveChanged(plan: EntityPlan, stored: RawRow, now: string): boolean {
  return (plan.columns[AT.updatedAt]?.fromRaw(stored[AT.updatedAt]) as string) >= now;
}

/** Whether it is the row that was to be saved, as it was to be: some engines answer a row whatever stood against it. */
function isMeant({ dialect }: EntityPlan, stored: RawRow, { values }: PreparedRow): boolean {
  if (!dialect.indexedUpsert) return true;
  const same = ({ column, value }: FieldValue): boolean =>
    sameValue(column, column.fromRaw(stored[column.index]), value);
  return stored[AT.deletedAt] === null && values.every(same);
}

/** Listeners want to see the row as it was before; a comment cannot travel where triggers record versions. */
export function keyOf(
  session: Session,
  plan: EntityPlan,
  row: PreparedRow,
  request: SaveRequest,
): UpsertKey | undefined {
  const { match, id } = row;
  const { capabilities, indexedUpsert } = plan.dialect;
  if (!match || id !== undefined || request.expectedVersion !== undefined) return undefined;
  if (!capabilities.upserts && !indexedUpsert) return undefined;
  if (session.core.hasWriteListeners || match.some(({ value }) => value === null)) return undefined;
  if (request.comment !== undefined && plan.meta.history && !capabilities.writableCtes) return undefined;
  const key = uniqueKey(
    plan,
    match.map(({ column }) => column.index),
  );
  return key && !missingKeys(session).has(nameOf(plan, key)) ? key : undefined;
}

function uniqueKey(plan: EntityPlan, indexes: readonly number[]): UpsertKey | undefined {
  const wanted = new Set(indexes);
  for (const { fields, includeDeleted, where } of plan.meta.uniques) {
    const columns = fields.map(({ property }) => plan.column(property));
    const covers = columns.length === wanted.size && columns.every(({ index }) => wanted.has(index));
    if (covers && where === undefined) return { columns, liveOnly: !includeDeleted };
  }
  return undefined;
}

function missingKeys({ core }: Session): Set<string> {
  const known = missing.get(core) ?? new Set();
  missing.set(core, known);
  return known;
}

function nameOf(plan: EntityPlan, { columns }: UpsertKey): string {
  return `${plan.meta.table} ${columns.map(({ index }) => index).join()}`;
}
