import type { SchemaOptions } from '../schema/migrate.js';
import type { Plan } from '../schema/plan.js';
import type { BackupSettings } from './backup-options.js';
import type { Backups } from './backups.js';

/**
 * What runs before a migration: a full backup of a database that holds rows, then the caller's own hook. A backup that
 * cannot be made stops the migration, for it is the way back.
 */
export function backedUp(
  backups: Backups,
  { backupBeforeMigrate = true, beforeMigrate }: SchemaOptions & BackupSettings,
  dataDir: string | undefined,
): SchemaOptions['beforeMigrate'] {
  if (!backupBeforeMigrate || dataDir === undefined) return beforeMigrate;
  return async (plan: Plan) => {
    if (await backups.isWorthIt()) await backups.create();
    await beforeMigrate?.(plan);
  };
}
