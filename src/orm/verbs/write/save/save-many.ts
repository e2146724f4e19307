import { ConflictError, ConstraintError, ValidationError, type ValidationIssue } from '../../../../base/errors.js';
import { announceInserts, execute, executeSingle, insertOf, isSingle } from '../../../history/record-many.js';
import { stamp } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { atomically } from '../atomically.js';
import { matchKey } from '../lock/lock-matches.js';
import { newRow, type PreparedRow, prepareRow, type SaveRequest } from './prepared-row.js';
import { writeLocked } from './save.js';
import { saveTogether } from './save-together.js';
import { upsertRows } from './upsert-rows.js';

export type SaveManyRequest = Omit<SaveRequest, 'expectedVersion'>;

/** Rows that are looked up, locked and written together. */
const ROWS_AT_A_TIME = 1_000;

/**
 * Saves rows as if one after another, all or none, in few statements. @returns the stored rows in their order.
 * @throws before anything is written when any row is faulty.
 */
export async function saveRows(
  session: Session,
  plan: EntityPlan,
  rows: readonly object[],
  request: SaveManyRequest,
): Promise<object[]> {
  const prepared = prepareRows(plan, rows, request);
  if (prepared.length === 0) return [];
  if (prepared.every(({ id, match }) => id === undefined && match === undefined))
    return insertRows(session, plan, prepared, request);
  return session.unit(async (scope) => {
    const saved: object[] = [];
    for (const wave of waves(prepared)) saved.push(...(await saveWave(scope, plan, wave, request, prepared.length)));
    return saved;
  });
}

/** @throws ValidationError that names every faulty field of every row. */
function prepareRows(plan: EntityPlan, rows: readonly object[], request: SaveManyRequest): PreparedRow[] {
  if (!Array.isArray(rows)) throw new ValidationError([], `${plan.meta.name}.saveMany takes a list of rows`);
  const issues: ValidationIssue[] = [];
  const messages: string[] = [];
  const prepared = rows.flatMap((data, at) => {
    try {
      return [prepareRow(plan, data, request)];
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      issues.push(...error.issues.map((issue) => ({ ...issue, loc: [at, ...issue.loc] })));
      messages.push(`row ${at}: ${error.message}`);
      return [];
    }
  });
  if (messages.length > 0) throw new ValidationError(issues, messages.join('; '));
  return prepared;
}

/** Rows that are new without looking. */
async function insertRows(
  session: Session,
  plan: EntityPlan,
  prepared: readonly PreparedRow[],
  { comment }: SaveManyRequest,
): Promise<object[]> {
  const made = stamp(session, comment);
  const rows = prepared.map((row) => newRow(plan, row, session.core.newId(plan.meta.table), 1, made));
  const write = insertOf(plan, rows, { userId: made.actorId, comment: made.comment });
  if (isSingle(write)) {
    await atomically(session, async (target) => {
      await executeSingle(target, write);
      announceInserts(target, plan, rows);
    });
  } else {
    await session.unit(async (scope) => {
      await execute(scope, write);
      announceInserts(scope, plan, rows);
    });
  }
  return rows.map((row) => plan.instance(row));
}

/** Parts in which no row is meant twice, so that the rows of one can be written in any order. */
function* waves(rows: readonly PreparedRow[]): Generator<PreparedRow[]> {
  let wave: PreparedRow[] = [];
  const meant = new Set<string>();
  for (const row of rows) {
    const which = row.match ? matchKey(row.match) : row.id;
    if (wave.length === ROWS_AT_A_TIME || (which !== undefined && meant.has(which))) {
      yield wave;
      wave = [];
      meant.clear();
    }
    wave.push(row);
    if (which !== undefined) meant.add(which);
  }
  yield wave;
}

/**
 * A row that is not there cannot be locked, and rows of one statement may stand in each other's way although they would not
 * one after another: then the wave is undone and written row by row, which also gives the fault of the first row at fault.
 */
async function saveWave(
  scope: Scope,
  plan: EntityPlan,
  wave: readonly PreparedRow[],
  request: SaveManyRequest,
  coming: number,
): Promise<object[]> {
  const lockAndWrite = (inner: Scope, row: PreparedRow): Promise<object> => writeLocked(inner, plan, row, request);
  const upserted = await upsertRows(scope, plan, wave, request, lockAndWrite);
  if (upserted) return upserted;
  try {
    const together = await scope.unit((inner) => saveTogether(inner, plan, wave, request, coming));
    if (together) return together;
  } catch (error) {
    if (!(error instanceof ConstraintError || error instanceof ConflictError)) throw error;
  }
  const saved: object[] = [];
  for (const row of wave) saved.push(await lockAndWrite(scope, row));
  return saved;
}
