import { SchemaError } from '../../base/errors.js';
import type { Dialect } from '../dialect/dialect.js';
import type { SchemaStep, TableShape } from '../dialect/shape.js';
import { internalField } from '../entity/metadata.js';
import type { Session } from '../session/session.js';
import { columnOf } from './desired.js';

export const LEDGER = '_schema_migrations';

/** A column whose values moved to another one, remembered so that they never move twice. */
export interface Rename {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** One applied migration. */
export interface LedgerEntry {
  readonly id: number;
  readonly schemaHash: string;
  readonly appliedAt: string;
  readonly operations: ReadonlyArray<{ sql: string; params: readonly unknown[]; desc: string }>;
}

const APPLIED_AT = internalField('applied_at', 'datetime', false);

const COLUMNS = [
  internalField('id', 'integer', false),
  internalField('schema_hash', 'string', false),
  APPLIED_AT,
  internalField('operations', 'text', false),
  /** Columns that were copied. */
  internalField('renames', 'text', false),
  /** Steps that the data did not allow yet: the next start looks again. */
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
  };
}

/** Whether the newest migration made exactly this schema, completely. One query. */
export async function isCurrent(session: Session, hash: string): Promise<boolean> {
  const { quote } = session.core.dialect;
  try {
    const [row] = await session.all(
      `SELECT ${quote('schema_hash')}, ${quote('pending')} FROM ${quote(LEDGER)} ORDER BY ${quote('id')} DESC LIMIT 1`,
      [],
    );
    return row?.[0] === hash && Number(row[1]) === 0;
  } catch (error) {
    if (error instanceof SchemaError) return false; // nothing has ever been migrated here
    throw error;
  }
}

/** Every copied column, oldest first. */
export async function recordedRenames(session: Session): Promise<Rename[]> {
  const { quote } = session.core.dialect;
  const rows = await session.all(`SELECT ${quote('renames')} FROM ${quote(LEDGER)} ORDER BY ${quote('id')}`, []);
  return rows.flatMap(([renames]) => JSON.parse(renames as string) as Rename[]);
}

export async function recordMigration(
  session: Session,
  entry: { hash: string; appliedAt: string; steps: readonly SchemaStep[]; renames: readonly Rename[]; pending: number },
): Promise<void> {
  const { quote, placeholder, column } = session.core.dialect;
  const rawTime = column(APPLIED_AT).toRaw as ((iso: string) => unknown) | undefined;
  const [last] = await session.all(`SELECT MAX(${quote('id')}) FROM ${quote(LEDGER)}`, []);
  const operations = entry.steps.map(({ sql, params, description }) => ({ sql, params, desc: description }));
  const values = [
    Number(last?.[0] ?? 0) + 1,
    entry.hash,
    rawTime ? rawTime(entry.appliedAt) : entry.appliedAt,
    JSON.stringify(operations),
    JSON.stringify(entry.renames),
    entry.pending,
  ];
  const names = COLUMNS.map((field) => quote(field.column)).join(', ');
  const marks = values.map((_, index) => placeholder(index + 1)).join(', ');
  await session.run(`INSERT INTO ${quote(LEDGER)} (${names}) VALUES (${marks})`, values);
}

/** Applied migrations, newest first; none when nothing has been migrated yet. */
export async function readLedger(session: Session): Promise<LedgerEntry[]> {
  const { quote, column } = session.core.dialect;
  const names = ['id', 'schema_hash', 'applied_at', 'operations'].map(quote).join(', ');
  const isoTime = column(APPLIED_AT).fromRaw as ((raw: unknown) => string) | undefined;
  try {
    const rows = await session.all(`SELECT ${names} FROM ${quote(LEDGER)} ORDER BY ${quote('id')} DESC`, []);
    return rows.map(([id, schemaHash, appliedAt, operations]) => ({
      id: Number(id),
      schemaHash: schemaHash as string,
      appliedAt: isoTime ? isoTime(appliedAt) : (appliedAt as string),
      operations: JSON.parse(operations as string) as LedgerEntry['operations'],
    }));
  } catch (error) {
    if (error instanceof SchemaError) return [];
    throw error;
  }
}
