import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { NotFoundError, SchemaError } from '../../base/errors.js';
import { isOwnTable } from '../schema/ledger.js';
import type { Migration } from '../schema/migrate.js';
import { ambientScopeOf, currentSession } from '../session/ambient.js';
import type { DatabaseCore } from '../session/database-core.js';
import { type ImportedBackup, packBackup, unpackBackup } from './archive/backup-archive.js';
import type { BackupSettings } from './backup-options.js';
import { claimRun } from './claim-run.js';
import type { Shelf } from './files/shelf.js';
import {
  type CsvImport,
  type CsvImportPreview,
  chooseTables,
  type ImportRows,
  importTables,
  previewImport,
} from './import/additive-import.js';
import { type BackupEntry, listBackups, mergedBackups } from './list-backups.js';
import type { Manifest } from './manifest/manifest.js';
import { readManifest } from './manifest/read-manifest.js';
import { type FullRestore, type FullRestorePreview, previewFullRestore, restoreFull } from './restore/full-restore.js';
import { recoverRestore } from './restore/swap-tables.js';
import { expired, removeBackup } from './retention.js';
import { BackupKey } from './seal/backup-key.js';
import type { OffsiteBackups } from './store/offsite-backups.js';
import { openOffsite } from './store/open-offsite.js';
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
  readonly #key: BackupKey | undefined;
  #store: Promise<OffsiteBackups> | undefined;

  constructor(core: DatabaseCore, options: BackupsOptions) {
    this.#core = core;
    this.#options = options;
    this.#key = options.backupEncryption && new BackupKey(options.backupEncryption.key);
  }

  /** @throws SchemaError for a database in memory that was given no folder. */
  get #shelf(): Shelf {
    const { dataDir, backupEncryption } = this.#options;
    if (dataDir !== undefined)
      return { folder: join(dataDir, 'backups'), key: this.#key, seals: backupEncryption?.local ?? false };
    throw new SchemaError('A database in memory keeps no backups; name a folder with connect(url, { dataDir })');
  }

  get hasStore(): boolean {
    return this.#options.backupStore !== undefined;
  }

  async create(request: BackupRequest = {}): Promise<Backup> {
    const backup = await this.#write(request);
    const isStored = await this.#afterwards(backup.name);
    return isStored ? { ...backup, places: ['local', 'store'] } : backup;
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
    const { name } = await this.#write();
    try {
      return await verifyBackup(this.#core, this.#shelf, name);
    } finally {
      await this.#afterwards(name); // where a full disk stands against the trial, old backups must go all the more
    }
  }

  /** Those of this machine and those of the store, newest first. A store that cannot be asked has none. */
  async list(): Promise<BackupEntry[]> {
    const here = await listBackups(this.#shelf, this.#core.logger);
    const there = await this.#unlessAway('Stored backups cannot be listed', (store) => store.list());
    return there ? mergedBackups(here, there) : here;
  }

  async verify(name: string): Promise<VerifiedBackup> {
    await this.#bring(name);
    const outcome = await verifyBackup(this.#core, this.#shelf, name);
    await this.#unlessAway('A verification cannot be stored', (store) => store.sendVerification(name));
    return outcome;
  }

  async restoreFull(name: string, { confirm }: Confirmation = {}): Promise<FullRestore | FullRestorePreview> {
    const manifest = await this.#bring(name);
    if (confirm !== true) return previewFullRestore(manifest, this.#core.dialect);
    this.#assertOutside('restoreFull');
    const made = new Set<string>();
    const note = (backup: Backup): Backup => {
      made.add(backup.name);
      return backup;
    };
    const ports = { backUp: async () => note(await this.#write()), onRescue: note, migrate: this.#options.migrate };
    try {
      const outcome = await restoreFull(this.#core, this.#shelf, manifest, ports);
      made.add(outcome.safetyBackup);
      return outcome;
    } finally {
      for (const backup of made) await this.#afterwards(backup); // once writers may go on
    }
  }

  async restoreCsv(name: string, { confirm, tables }: CsvImportOptions = {}): Promise<CsvImport | CsvImportPreview> {
    const manifest = await this.#bring(name);
    const chosen = chooseTables(manifest, tables);
    if (confirm !== true) return previewImport(manifest, chosen);
    this.#assertOutside('restoreCsv');
    return importTables(this.#core, this.#shelf, manifest, chosen, this.#options.importRows);
  }

  /** Finishes or undoes a full restore that was cut off. @returns whether the database was replaced. */
  async recover(): Promise<boolean> {
    const { replaced, rescued } = await recoverRestore(this.#core, () => this.#shelf);
    if (rescued) await this.#afterwards(rescued.name);
    return replaced;
  }

  /** A backup as one ZIP, for another machine. */
  async pack(name: string): Promise<Readable> {
    return packBackup(this.#shelf, await this.#bring(name));
  }

  /** Takes a backup out of a ZIP. */
  async unpack(path: string): Promise<ImportedBackup> {
    const imported = await unpackBackup(this.#shelf, path);
    this.#core.logger.info({ backup: imported.name }, 'A backup was taken out of an archive');
    return imported;
  }

  async close(): Promise<void> {
    (await this.#store?.catch(() => undefined))?.close();
  }

  async #write(request: BackupRequest = {}): Promise<Backup> {
    const { nativeBackup: native = true } = this.#options;
    const backup = await writeBackup(this.#core, this.#shelf, { ...request, native });
    this.#core.logger.info({ backup: backup.name, tables: backup.tables, rows: backup.rows }, 'A backup was made');
    return backup;
  }

  /**
   * Sends a new backup to the store, then lets go of old ones. It is complete here, whatever becomes of that.
   * @returns whether the store has it.
   */
  async #afterwards(name: string): Promise<boolean> {
    const { backupRetention } = this.#options;
    const now = this.#core.clock.now();
    const isStored = await this.#unlessAway('A backup cannot be stored', async (store) => {
      await store.send(name);
      return true;
    });
    if (!backupRetention) return isStored ?? false;
    const here = await listBackups(this.#shelf, this.#core.logger);
    for (const entry of expired(here, backupRetention, now, name)) await removeBackup(entry);
    await this.#unlessAway('Old backups of the store stay', (store) => store.prune(backupRetention, now, name));
    return isStored ?? false;
  }

  /** The manifest of a backup, which is fetched where only the store has it. */
  async #bring(name: string): Promise<Manifest> {
    try {
      return await readManifest(this.#shelf, name);
    } catch (error) {
      if (!(error instanceof NotFoundError) || this.#options.backupStore === undefined) throw error;
    }
    await (await this.#openStore(this.#options.backupStore)).fetch(name);
    return readManifest(this.#shelf, name);
  }

  /** What the store answers; nothing where there is none, or it cannot be used just now. */
  async #unlessAway<T>(otherwise: string, ask: (store: OffsiteBackups) => Promise<T>): Promise<T | undefined> {
    const { backupStore } = this.#options;
    if (backupStore === undefined) return undefined;
    try {
      return await ask(await this.#openStore(backupStore));
    } catch (error) {
      this.#core.logger.error({ err: error }, otherwise);
      return undefined;
    }
  }

  #openStore(url: string): Promise<OffsiteBackups> {
    this.#store ??= openOffsite(url, this.#shelf, this.#core.logger);
    return this.#store;
  }

  #assertOutside(verb: string): void {
    if (ambientScopeOf(this.#core)) throw new SchemaError(`${verb}() cannot run inside dbContext; call it outside`);
  }
}
