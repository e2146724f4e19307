import { SchemaError } from '../../base/errors.js';
import type { Dialect } from '../dialect/dialect.js';
import type { SchemaStep, TableShape } from '../dialect/shape.js';
import { internalField } from '../entity/metadata.js';
import type { Session } from '../session/session.js';
import { columnOf } from './desired.js';

export const LEDGER = '_schema_migrations';
/** Which scheduled backups some instance has taken upon itself. */
export const BACKUP_RUNS = '_backup_runs';

/** A table that the ORM keeps for itself, which no entity has to declare. */
export function isOwnTable(name: string): boolean {
  return name === LEDGER || name === BACKUP_RUNS;
}

/** A column whose values moved to another one, remembered so that they never move twice. */
export interface Rename {
  readonly table: string;
  readonly from: string;
  readonly to: string;
  /** The values are still on their way: into a new column, into the gaps of another one, or over what that one holds. */
  readonly copying?: 'fresh' | 'fill' | 'overwrite';
}

/** One applied migration. */
export interface LedgerEntry {
  readonly id: number;
  readonly schemaHash: string;
  readonly appliedAt: string;
  readonly operations: ReadonlyArray<{ sql: string; params: readonly unknown[]; desc: string }>;
}

/** What a migration notes of itself. */
export interface MigrationRecord {
  readonly hash: string;
  /** ISO text. */
  readonly appliedAt: string;
  readonly steps: readonly SchemaStep[];
  readonly renames: readonly Rename[];
  /** Steps and wishes that are still to be done. */
  readonly pending: number;
}

const APPLIED_AT = internalField('applied_at', 'datetime', false);

const COLUMNS = [
  internalField('id', 'integer', false),
  internalField('schema_hash', 'string', false),
  APPLIED_AT,
  internalField('operations', 'text', false),
  /** Columns that were copied. */
  internalField('renames', 'text', false),
  /** What was not done yet, or what the data did not allow: the next start looks again. */
  internalField('pending', 'integer', false),
];

export function ledgerShape(dialect: Dialect): TableShape {
  return {
    name: LEDGER,
    columns: COLUMNS.map((field) => columnOf(field, dialect)),
    primaryKey: ['id'],
    checks: [],
    foreignKeys: [],
    indexes: [],
    triggers: [],
  };
}

/** The newest migration, as far as it tells whether there is anything to do. */
export interface LastMigration {
  readonly id: number;
  readonly hash: string;
  readonly appliedAt: string;
  readonly pending: number;
}

/** The newest migration, if there has been any. One query. */
export async function lastMigration(session: Session): Promise<LastMigration | undefined> {
  const { quote } = session.core.dialect;
  const names = ['id', 'schema_hash', 'applied_at', 'pending'].map(quote).join(', ');
  const rows = await ifMigrated(
    session.all(`SELECT ${names} FROM ${quote(LEDGER)} ORDER BY ${quote('id')} DESC LIMIT 1`, []),
  );
  return rows.map(([id, hash, appliedAt, pending]) => ({
    id: Number(id),
    hash: hash as string,
    appliedAt: isoTime(session, appliedAt),
    pending: Number(pending),
  }))[0];
}

/** Whether that migration made exactly this schema, completely. */
export function isDone(last: LastMigration | undefined, hash: string): last is LastMigration {
  return last?.hash === hash && last.pending === 0;
}

/**
 * Every copied column, oldest first. What was still being copied counts as begun only while nothing else was migrated
 * since and the entities are the same: otherwise someone may have written to the new column.
 */
export async function recordedRenames(session: Session, hash: string): Promise<Rename[]> {
  const { quote } = session.core.dialect;
  const names = ['schema_hash', 'renames'].map(quote).join(', ');
  const rows = await session.all(`SELECT ${names} FROM ${quote(LEDGER)} ORDER BY ${quote('id')}`, []);
  return rows.flatMap(([entryHash, renames], index) => {
    const isCurrent = index === rows.length - 1 && entryHash === hash;
    return (JSON.parse(renames as string) as Rename[]).filter(({ copying }) => copying === undefined || isCurrent);
  });
}

/** @returns the id of the new entry. */
export async function recordMigration(session: Session, record: MigrationRecord): Promise<number> {
  const { quote, placeholder, column } = session.core.dialect;
  const rawTime = column(APPLIED_AT).toRaw as ((iso: string) => unknown) | undefined;
  const [last] = await session.all(`SELECT MAX(${quote('id')}) FROM ${quote(LEDGER)}`, []);
  const operations = record.steps.map(({ sql, params, description }) => ({ sql, params, desc: description }));
  const id = Number(last?.[0] ?? 0) + 1;
  const values = [
    id,
    record.hash,
    rawTime ? rawTime(record.appliedAt) : record.appliedAt,
    JSON.stringify(operations),
    JSON.stringify(record.renames),
    record.pending,
  ];
  const names = COLUMNS.map((field) => quote(field.column)).join(', ');
  const marks = values.map((_, index) => placeholder(index + 1)).join(', ');
  await session.run(`INSERT INTO ${quote(LEDGER)} (${names}) VALUES (${marks})`, values);
  return id;
}

/** Notes how far a recorded migration has come. */
export async function updateMigration(
  session: Session,
  id: number,
  { renames, pending }: Pick<MigrationRecord, 'renames' | 'pending'>,
): Promise<void> {
  const { quote, placeholder } = session.core.dialect;
  const changes = ['renames', 'pending'].map((name, index) => `${quote(name)} = ${placeholder(index + 1)}`).join(', ');
  await session.run(`UPDATE ${quote(LEDGER)} SET ${changes} WHERE ${quote('id')} = ${placeholder(3)}`, [
    JSON.stringify(renames),
    pending,
    id,
  ]);
}

/** Applied migrations, newest first; none when nothing has been migrated yet. */
export async function readLedger(session: Session): Promise<LedgerEntry[]> {
  const { quote } = session.core.dialect;
  const names = ['id', 'schema_hash', 'applied_at', 'operations'].map(quote).join(', ');
  const rows = await ifMigrated(session.all(`SELECT ${names} FROM ${quote(LEDGER)} ORDER BY ${quote('id')} DESC`, []));
  return rows.map(([id, schemaHash, appliedAt, operations]) => ({
    id: Number(id),
    schemaHash: schemaHash as string,
    appliedAt: isoTime(session, appliedAt),
    operations: JSON.parse(operations as string) as LedgerEntry['operations'],
  }));
}

/** The rows, or none where nothing has ever been migrated. */
async function ifMigrated<T>(rows: Promise<T[]>): Promise<T[]> {
  try {
    return await rows;
  } catch (error) {
    if (error instanceof SchemaError) return [];
    throw error;
  }
}

function isoTime(session: Session, raw: unknown): string {
  const fromRaw = session.core.dialect.column(APPLIED_AT).fromRaw as ((raw: unknown) => string) | undefined;
  return fromRaw ? fromRaw(raw) : (raw as string);
}
