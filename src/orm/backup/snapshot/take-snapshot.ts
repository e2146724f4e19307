import type { TableShape } from '../../dialect/shape.js';
import { BACKUP_RUNS, LEDGER, lastMigration } from '../../schema/ledger.js';
import { ambientScopeOf } from '../../session/ambient.js';
import type { DatabaseCore } from '../../session/database-core.js';
import type { Scope } from '../../session/scope.js';
import type { Session } from '../../session/session.js';
import { describeTables } from '../manifest/describe-table.js';
import type { StoredTable } from '../manifest/description.js';
import { type BackedUpTable, schemaHash } from '../manifest/manifest.js';
import { isRestoreTable } from '../restore/staged-names.js';
import { type ExportedTo, exportTable } from './export-table.js';

/** What a backup is doing. */
export interface BackupProgress {
  readonly phase: 'table' | 'native' | 'done';
  readonly table?: string;
  /** Of this table, so far. */
  readonly rows?: number;
  /** Tables that are done, and how many there are. */
  readonly tables: { readonly done: number; readonly of: number };
}

export interface Snapshot {
  readonly schema: readonly StoredTable[];
  readonly schemaHash: string;
  readonly tables: readonly BackedUpTable[];
  readonly migration: string | null;
}

/**
 * Runs `work` in a transaction that only reads and sees one moment. Where the database is one connection, or has but one,
 * the transaction that is open already is that moment.
 */
export function inSnapshot<T>(core: DatabaseCore, work: (scope: Scope) => Promise<T>): Promise<T> {
  const ambient = ambientScopeOf(core);
  if (ambient && (core.dialect.capabilities.writersTakeTurns || core.connections.stats().size === 1))
    return work(ambient);
  return core.unit(work, { readOnly: true, patient: true });
}

/** Describes the tables of a snapshot and writes each of them as CSV. */
export async function takeSnapshot(
  session: Scope,
  { shelf, folder }: Omit<ExportedTo, 'name'>,
  onProgress: (progress: BackupProgress) => void,
): Promise<Snapshot> {
  const { core } = session;
  const schema = await describeSchema(session);
  const tables: BackedUpTable[] = [];
  for (const [index, table] of schema.entries()) {
    const tell = (rows: number): void =>
      onProgress({ phase: 'table', table: table.name, rows, tables: { done: index, of: schema.length } });
    tell(0);
    tables.push(await exportTable(session, table, { shelf, folder, name: fileName(table.name, index) }, tell));
  }
  const isMigrated = schema.some(({ name }) => name === LEDGER); // to ask in vain would end a transaction
  const migrated = isMigrated ? await lastMigration(session) : undefined;
  core.logger.debug({ tables: tables.length }, 'The tables were written');
  return { schema, schemaHash: schemaHash(schema), tables, migration: migrated?.hash ?? null };
}

/** Every table of the database in the order of their names, but those that a restore is about to put in place. */
async function describeSchema(session: Session): Promise<StoredTable[]> {
  const { core } = session;
  const found = (await core.dialect.introspect(session)).filter(
    ({ name }) => name !== BACKUP_RUNS && !isRestoreTable(name),
  );
  return describeTables(session, found.sort(byName));
}

function byName(a: TableShape, b: TableShape): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** A name that someone else gave a table may be none for a file. */
function fileName(table: string, index: number): string {
  return /^[A-Za-z_]\w{0,99}$/.test(table) ? `${table}.csv` : `table-${index}.csv`;
}
