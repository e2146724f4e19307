import { join } from 'node:path';
import { SchemaError } from '../../base/errors.js';
import { isOwnTable } from '../schema/ledger.js';
import type { Migration } from '../schema/migrate.js';
import { ambientScopeOf, currentSession } from '../session/ambient.js';
import type { DatabaseCore } from '../session/database-core.js';
import type { BackupSettings } from './backup-options.js';
import { claimRun } from './claim-run.js';
import {
  type CsvImport,
  type CsvImportPreview,
  chooseTables,
  type ImportRows,
  importTables,
  previewImport,
} from './import/additive-import.js';
import { type BackupEntry, listBackups } from './list-backups.js';
import { readManifest } from './manifest/read-manifest.js';
import { type FullRestore, type FullRestorePreview, previewFullRestore, restoreFull } from './restore/full-restore.js';
import { expired, removeBackup } from './retention.js';
import { type VerifiedBackup, verifyBackup } from './verify-backup.js';
import { type Backup, type BackupRequest, writeBackup } from './write-backup.js';

export interface BackupsOptions extends BackupSettings {
  /** `undefined` where nothing is kept on disk. */
  readonly dataDir: string | undefined;
  /** Brings restored tables to what the entities say. */
  migrate(): Promise<Migration>;
  readonly importRows: ImportRows;
}

export interface Confirmation {
  /** Without it nothing is changed, and the answer says what would be. */
  confirm?: boolean;
}

export interface CsvImportOptions extends Confirmation {
  /** Tables of the backup; default every one but the ledger. */
  tables?: readonly string[];
}

/** The backups of one database, and the ways back. */
export class Backups {
  readonly #core: DatabaseCore;
  readonly #options: BackupsOptions;

  constructor(core: DatabaseCore, options: BackupsOptions) {
    this.#core = core;
    this.#options = options;
  }

  /** @throws SchemaError for a database in memory that was given no folder. */
  get folder(): string {
    const { dataDir } = this.#options;
    if (dataDir !== undefined) return join(dataDir, 'backups');
    throw new SchemaError('A database in memory keeps no backups; name a folder with connect(url, { dataDir })');
  }

  async create(request: BackupRequest = {}): Promise<Backup> {
    const { nativeBackup: native = true, backupRetention } = this.#options;
    const backup = await writeBackup(this.#core, this.folder, { ...request, native });
    this.#core.logger.info({ backup: backup.name, tables: backup.tables, rows: backup.rows }, 'A backup was made');
    if (backupRetention) {
      const entries = await this.list();
      for (const entry of expired(entries, backupRetention, this.#core.clock.now())) await removeBackup(entry);
    }
    return backup;
  }

  /** Whether any table but the ledger holds a row. */
  async isWorthIt(): Promise<boolean> {
    const session = currentSession(this.#core);
    const { introspect, quote } = this.#core.dialect;
    for (const { name } of await introspect(session)) {
      if (isOwnTable(name)) continue;
      if ((await session.all(`SELECT 1 FROM ${quote(name)} LIMIT 1`, [])).length > 0) return true;
    }
    return false;
  }

  /** One backup of all instances that ask for the same moment, verified. @returns nothing where another one makes it. */
  async createScheduled(tick: Date): Promise<VerifiedBackup | undefined> {
    if (!(await claimRun(this.#core, tick))) return undefined;
    return this.verify((await this.create()).name);
  }

  list(): Promise<BackupEntry[]> {
    return listBackups(this.folder, this.#core.logger);
  }

  verify(name: string): Promise<VerifiedBackup> {
    return verifyBackup(this.#core, this.folder, name);
  }

  async restoreFull(name: string, { confirm }: Confirmation = {}): Promise<FullRestore | FullRestorePreview> {
    const manifest = await readManifest(this.folder, name);
    if (confirm !== true) return previewFullRestore(manifest);
    this.#assertOutside('restoreFull');
    const ports = { backUp: () => this.create(), migrate: this.#options.migrate };
    return restoreFull(this.#core, this.folder, manifest, ports);
  }

  async restoreCsv(name: string, { confirm, tables }: CsvImportOptions = {}): Promise<CsvImport | CsvImportPreview> {
    const manifest = await readManifest(this.folder, name);
    const chosen = chooseTables(manifest, tables);
    if (confirm !== true) return previewImport(manifest, chosen);
    this.#assertOutside('restoreCsv');
    return importTables(this.#core, this.folder, manifest, chosen, this.#options.importRows);
  }

  #assertOutside(verb: string): void {
    if (ambientScopeOf(this.#core)) throw new SchemaError(`${verb}() cannot run inside dbContext; call it outside`);
  }
}
