import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type {
  BackupEntry,
  CsvImport,
  CsvImportPreview,
  FullRestore,
  FullRestorePreview,
  LedgerEntry,
  Orphans,
  TableRevert,
  TableRevertPreview,
} from '../../orm/index.js';

/** What this room's answers look like on the wire. */
export function migrationView({ id, schemaHash, appliedAt, operations }: LedgerEntry): object {
  return { id, schema_hash: schemaHash, applied_at: appliedAt, operation_count: operations.length };
}

export function migrationDetail({ schemaHash, appliedAt, operations }: LedgerEntry, dataDir: string): object {
  const digits = appliedAt.replace(/\D/g, '');
  const script = join('migrations_audit', `${digits.slice(0, 8)}_${digits.slice(8, 14)}_${schemaHash.slice(0, 8)}.sql`);
  const audit = existsSync(join(dataDir, script)) ? script : null;
  return { schema_hash: schemaHash, applied_at: appliedAt, operations, audit_file: audit };
}

export function backupView({ name, timestamp, createdAt, schemaHash, migration, ...entry }: BackupEntry): object {
  return {
    backup_name: name,
    timestamp,
    datetime: createdAt,
    schema_hash: schemaHash,
    csv_dir: name,
    has_migration: migration !== null,
    has_native: entry.native !== null,
    tables: entry.tables,
    rows: entry.rows,
    verification: entry.verification,
    places: entry.places,
  };
}

export function orphansView({ orphanTables, orphanColumns }: Orphans): object {
  const lists = Object.values(orphanColumns);
  return {
    orphan_tables: orphanTables,
    orphan_columns: orphanColumns,
    summary: {
      orphan_table_count: orphanTables.length,
      tables_with_orphan_columns: lists.length,
      total_orphan_columns: lists.reduce((sum, columns) => sum + columns.length, 0),
    },
  };
}

export function fullRestoreView(outcome: FullRestore | FullRestorePreview): object {
  if (!outcome.dryRun) {
    const { restoredFrom, tables, rows, safetyBackup, lost } = outcome;
    return { status: 'ok', restored_from: restoredFrom, tables, rows, safety_backup: safetyBackup, lost };
  }
  const { backup, createdAt, schemaHash, tables, warning, lost } = outcome;
  const timestamp = backup.slice('csv_'.length, 'csv_20260210_140000'.length);
  const names = tables.map(({ table }) => table);
  const moment = { timestamp, created_at: createdAt, schema_hash: schemaHash };
  return { dry_run: true, backup, ...moment, tables: names, warning, lost };
}

export function importView(outcome: CsvImport | CsvImportPreview): object {
  if (outcome.dryRun) {
    const { tables, backup, message } = outcome;
    return { dry_run: true, tables: tables.map(({ table }) => table), backup, message };
  }
  const results = Object.entries(outcome.results).map(([table, result]) => [
    table,
    result.ok ? 'ok' : `error: ${result.error}`,
  ]);
  return { status: outcome.ok ? 'ok' : 'error', results: Object.fromEntries(results), source: outcome.source };
}

export function revertView(outcome: TableRevert | TableRevertPreview): object {
  const { table, targetTime } = outcome;
  if (!outcome.dryRun) {
    const result = { restored: outcome.restored, soft_deleted: outcome.softDeleted, target_time: targetTime };
    return { status: 'ok', table, result };
  }
  return {
    dry_run: true,
    table,
    target_time: targetTime,
    rows_in_history_at_target: outcome.rowsInHistoryAtTarget,
    current_rows: outcome.currentRows,
    rows_created_after: outcome.rowsCreatedAfter,
    message: outcome.message,
  };
}
