/** How many backups are kept. The newest that is whole always stays. */
export interface BackupRetention {
  /** The newest ones. */
  count?: number;
  /** Those of the last days. */
  days?: number;
}

export interface BackupSettings {
  /** A full backup before every migration that changes a database with rows; default `true`. */
  backupBeforeMigrate?: boolean;
  /** Which backups stay when a new one has been made; without this, all. */
  backupRetention?: BackupRetention;
  /** Also back up with the engine's own tool: `pg_dump`, `mariadb-dump`, SQLite's online backup; default `true`. */
  nativeBackup?: boolean;
}
