import type { Dialect } from '../../dialect/dialect.js';
import type { Migration } from '../../schema/migrate.js';
import { runInScope } from '../../session/ambient.js';
import type { DatabaseCore } from '../../session/database-core.js';
import { assertWhole } from '../files/check-files.js';
import type { Shelf } from '../files/shelf.js';
import { lossesOf } from '../manifest/losses.js';
import type { Manifest } from '../manifest/manifest.js';
import type { Backup } from '../write-backup.js';
import { type RestoreSource, replaceTables } from './replace-tables.js';
import { type SwapPorts, swapTables } from './swap-tables.js';

/** What a full restore would do. */
export interface FullRestorePreview {
  readonly dryRun: true;
  readonly backup: string;
  readonly createdAt: string;
  readonly schemaHash: string;
  readonly tables: ReadonlyArray<{ readonly table: string; readonly rows: number }>;
  readonly warning: string;
  /** What this engine cannot make again of tables that no entity declares; a sentence for each. */
  readonly lost: readonly string[];
}

/** What a full restore did. */
export interface FullRestore {
  readonly dryRun: false;
  readonly restoredFrom: string;
  readonly tables: number;
  readonly rows: number;
  /** The backup of what the database held before. */
  readonly safetyBackup: string;
  /** What this engine could not make again of tables that no entity declares; a sentence for each. */
  readonly lost: readonly string[];
  /** What brought the restored tables to what the entities say now. */
  readonly migration: Migration;
}

/** What a full restore needs beside the backup. */
export interface FullRestorePorts extends SwapPorts {
  /** Brings the restored tables to what the entities say. */
  migrate(): Promise<Migration>;
}

const WARNING =
  'Everything the database holds now is replaced by the backup. A safety backup is made first. Pass confirm: true to do it.';

export function previewFullRestore(
  { name, createdAt, schemaHash, schema, tables }: Manifest,
  dialect: Dialect,
): FullRestorePreview {
  return {
    dryRun: true,
    backup: name,
    createdAt,
    schemaHash,
    tables: tables.map(({ table, rows }) => ({ table, rows })),
    warning: WARNING,
    lost: lossesOf(schema, dialect),
  };
}

/**
 * Replaces the database by a backup: its tables, its rows, its histories and its ledger. Checksums come first; writers are
 * kept out from then on; the safety backup is of the moment from which on nobody can write.
 */
export async function restoreFull(
  core: DatabaseCore,
  shelf: Shelf,
  manifest: Manifest,
  ports: FullRestorePorts,
): Promise<FullRestore> {
  return core.writes.closedDuring(async () => {
    await assertWhole(shelf, manifest);
    const source = { shelf, manifest };
    const replace = core.dialect.capabilities.transactionalDdl ? replaceAtOnce : swapTables;
    const safety = await replace(core, source, ports);
    const migration = await ports.migrate();
    const lost = lossesOf(manifest.schema, core.dialect);
    const restored = { backup: manifest.name, safety: safety.name, ...(lost.length > 0 && { lost }) };
    core.logger.warn(restored, 'The database was restored from a backup');
    return {
      dryRun: false,
      restoredFrom: manifest.name,
      tables: manifest.tables.length,
      rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
      safetyBackup: safety.name,
      lost,
      migration,
    };
  });
}

/** One transaction, which others see whole or not at all. */
function replaceAtOnce(
  core: DatabaseCore,
  source: RestoreSource,
  { backUp }: Pick<SwapPorts, 'backUp'>,
): Promise<Backup> {
  const { dialect } = core;
  return core.unit(
    async (scope) => {
      await dialect.lockMigrations(scope, false);
      const tables = await dialect.introspect(scope);
      await dialect.holdWriters?.(
        scope,
        tables.map(({ name }) => name),
      );
      const backup = await runInScope(scope, backUp);
      await replaceTables(scope, source);
      return backup;
    },
    { schemaChange: true },
  );
}
