import { isBackupKey } from './seal/backup-key.js';
import { parseStoreUrl } from './store/store-url.js';

/** How many backups are kept. The newest that is whole always stays. */
export interface BackupRetention {
  /** The newest ones. */
  count?: number;
  /** Those of the last days. */
  days?: number;
}

/** What backups are sealed with (AES-256-GCM). Who loses the key loses the backups that it seals. */
export interface BackupEncryption {
  /** 32 bytes as hex or base64, such as `openssl rand -hex 32` makes them. */
  key: string;
  /** Seals the backups of this machine as well, and not only those that leave it; default `false`. */
  local?: boolean;
}

export interface BackupSettings {
  /** A full backup before every migration that changes a database with rows; default `true`. */
  backupBeforeMigrate?: boolean;
  /** Which backups stay when a new one has been made, here and in the store; without this, all. */
  backupRetention?: BackupRetention;
  /**
   * Where complete backups are sent to beside the folder of this machine: an S3-compatible bucket,
   * `s3://key:secret@bucket/prefix?region=eu-central-1&endpoint=https://…`. Needs `@aws-sdk/client-s3`.
   */
  backupStore?: string;
  /** Seals backups that leave this machine. */
  backupEncryption?: BackupEncryption;
  /** Also back up with the engine's own tool: `pg_dump`, `mariadb-dump`, SQLite's online backup; default `true`. */
  nativeBackup?: boolean;
}

export function isBackupStore(value: unknown): boolean {
  return typeof value === 'string' && parseStoreUrl(value) !== undefined;
}

export function isBackupEncryption(value: unknown): value is BackupEncryption {
  if (typeof value !== 'object' || value === null) return false;
  const { key, local, ...others } = value as Record<string, unknown>;
  const isFlag = local === undefined || typeof local === 'boolean';
  return isBackupKey(key) && isFlag && Object.keys(others).length === 0;
}
