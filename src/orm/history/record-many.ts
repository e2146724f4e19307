import { AT } from '../entity/system-fields.js';
import type { Scope } from '../session/scope.js';
import type { Session } from '../session/session.js';
import type { WriteAction } from '../session/watch/write-event.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import { insertStatements, type Statement, type VersionNote } from '../sql/write/insert-many.js';
import { noteStatements, type VersionKey } from '../sql/write/note-many.js';
import { updateStatements } from '../sql/write/update-many.js';
import { announce, type PortableRow } from './recorder.js';

/** A row that exists, and what it is to become. */
export interface ChangedRow {
  readonly before: PortableRow;
  readonly after: PortableRow;
  /** Columns that differ, beside those that differ with every version. */
  readonly columns: readonly number[];
  readonly action: WriteAction;
}

/** The statements of a write of many rows and their versions. */
export type ManyWrite = readonly Statement[];

export function insertOf(plan: EntityPlan, rows: readonly PortableRow[], note: VersionNote): ManyWrite {
  if (rows.length === 0) return [];
  return [...insertStatements(plan, rows, ownNote(plan, note)), ...lateNotes(plan, keysOf(rows), note.comment)];
}

/** @param changes of rows that the transaction has locked. */
export function updateOf(plan: EntityPlan, changes: readonly ChangedRow[], note: VersionNote): ManyWrite {
  if (changes.length === 0) return [];
  const differing = [...new Set(changes.flatMap(({ columns }) => columns))].sort((a, b) => a - b);
  const rows = changes.map(({ after }) => after);
  return [
    ...updateStatements(plan, [...differing, ...EVERY_TIME], rows, ownNote(plan, note)),
    ...lateNotes(plan, keysOf(rows), note.comment),
  ];
}

const EVERY_TIME: readonly number[] = [AT.updatedAt, AT.updatedBy, AT.version];

/** Whether it is one statement that runs once, which needs no transaction to be all or nothing. */
export function isSingle(write: ManyWrite): boolean {
  return write.length === 1 && write[0]?.runs.length === 1;
}

export async function execute(scope: Scope, write: ManyWrite): Promise<void> {
  for (const { sql, runs } of write) await scope.runEach(sql, runs);
}

/** @param write a single one. */
export async function executeSingle(session: Session, [statement]: ManyWrite): Promise<void> {
  if (statement) await session.run(statement.sql, statement.runs[0] ?? []);
}

export function announceInserts(session: Session, plan: EntityPlan, rows: readonly PortableRow[]): void {
  if (session.core.hasListeners) for (const row of rows) announce(session, plan, 'create', undefined, row);
}

export function announceChanges(session: Session, plan: EntityPlan, changes: readonly ChangedRow[]): void {
  if (!session.core.hasListeners) return;
  for (const { before, after, action } of changes) announce(session, plan, action, before, after);
}

/** What the statement itself records, where it can. */
function ownNote(plan: EntityPlan, note: VersionNote): VersionNote | undefined {
  return plan.meta.history && plan.dialect.capabilities.writableCtes ? note : undefined;
}

/** Where triggers have recorded the versions, they knew everything but the comment. */
export function lateNotes(plan: EntityPlan, keys: readonly VersionKey[], comment: string | null): Statement[] {
  if (comment === null || !plan.meta.history || plan.dialect.capabilities.writableCtes) return [];
  return noteStatements(plan, keys, comment);
}

function keysOf(rows: readonly PortableRow[]): VersionKey[] {
  return rows.map((row) => [row[AT.id] as string, row[AT.version] as number]);
}
