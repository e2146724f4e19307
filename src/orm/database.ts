import type { Readable } from 'node:stream';
import { SchemaError } from '../base/errors.js';
import type { ImportedBackup } from './backup/archive/backup-archive.js';
import type { BackupSettings } from './backup/backup-options.js';
import { Backups, type Confirmation, type CsvImportOptions } from './backup/backups.js';
import { backedUp } from './backup/before-migrate.js';
import type { CsvImport, CsvImportPreview } from './backup/import/additive-import.js';
import type { BackupEntry } from './backup/list-backups.js';
import type { FullRestore, FullRestorePreview } from './backup/restore/full-restore.js';
import { assertStoreInstalled } from './backup/store/open-offsite.js';
import type { VerifiedBackup } from './backup/verify-backup.js';
import type { Backup, BackupRequest } from './backup/write-backup.js';
import { type ConnectOptions, checkConnectOptions } from './connect-options.js';
import { DatabaseHandle } from './database-handle.js';
import { type DbContextOptions, dbContext } from './db-context.js';
import type { EntityTarget } from './entity/field-types.js';
import { entityMeta } from './entity/registry.js';
import { pruneVersions } from './history/retention.js';
import { type LedgerEntry, readLedger } from './schema/ledger.js';
import {
  DEFAULT_DATA_DIR,
  LARGE_TABLE_ROWS,
  type MigrateOptions,
  type Migration,
  migrate,
  type SchemaOptions,
} from './schema/migrate.js';
import { findOrphans, type Orphans } from './schema/orphans.js';
import { type Plan, planSchema } from './schema/plan.js';
import { ambientScopeOf, currentSession, runInScope } from './session/ambient.js';
import { DEFAULT_ACQUIRE_TIMEOUT_MS } from './session/core-options.js';
import { DatabaseCore } from './session/database-core.js';
import { openEngine } from './session/engines.js';
import { forgetOpen, rememberOpen } from './session/open-databases.js';
import { openReplicas } from './session/replicas/open-replicas.js';
import { type DatabaseEvents, subscribe } from './session/watch/database-events.js';
import type { DatabaseStats } from './session/watch/database-stats.js';
import { entityPlan } from './sql/entity-plan.js';
import {
  assertTargetTime,
  previewRevert,
  revertTables,
  type TableRevert,
  type TableRevertPreview,
} from './verbs/write/revert/revert-tables.js';
import { importRows } from './verbs/write/save/import-rows.js';

export interface RevertAllOptions extends Confirmation {
  /** Tables of entities, by name. */
  tables?: readonly string[];
}

/** An open database. */
export class Database extends DatabaseHandle {
  readonly #core: DatabaseCore;
  readonly #schema: SchemaOptions;
  readonly #backups: Backups;
  #closing: Promise<void> | undefined;

  constructor(core: DatabaseCore, options: SchemaOptions & BackupSettings) {
    super(core);
    this.#core = core;
    const dataDir = options.dataDir ?? (core.volatile ? undefined : DEFAULT_DATA_DIR);
    const bring = (): Promise<Migration> => migrate(core, { ...options, beforeMigrate: undefined }, { verify: true });
    this.#backups = new Backups(core, { ...options, dataDir, migrate: bring, importRows });
    this.#schema = { ...options, beforeMigrate: backedUp(this.#backups, options, dataDir) };
    rememberOpen(core);
  }

  /** `sqlite`, `postgresql`, … */
  get engine(): string {
    return this.#core.dialect.name;
  }

  get entities(): EntityTarget[] {
    return this.#core.entities;
  }

  /** What `migrate` would do now, as a readable list. Runs nothing. */
  plan(options: Pick<MigrateOptions, 'allowDrops'> = {}): Promise<Plan> {
    const { largeTableRows = LARGE_TABLE_ROWS } = this.#schema;
    return planSchema(this.#core, { allowDrops: options.allowDrops ?? [], largeTableRows });
  }

  /** Brings the database to what the entities say. One instance at a time; nothing is lost without an opt-in by name. */
  async migrate(options: MigrateOptions = {}): Promise<Migration> {
    const recovered = !ambientScopeOf(this.#core) && (await this.#backups.recover());
    return migrate(this.#core, this.#schema, recovered ? { ...options, verify: true } : options);
  }

  /**
   * Copies renamed columns that were not copied yet, as every start does: after rows were brought back by other means than
   * `restoreFull`, which does it by itself. Whatever else the entities say that the database lacks is brought there as well.
   */
  backfill(): Promise<Migration> {
    return this.migrate({ verify: true });
  }

  /** Tables and columns that no entity declares any more. */
  orphans(): Promise<Orphans> {
    return findOrphans(this.#core);
  }

  /** Applied migrations, newest first. */
  migrations(): Promise<LedgerEntry[]> {
    return readLedger(this.#core);
  }

  /**
   * Removes what `historyRetention` of the entities lets go of, of all tenants, in short transactions.
   * @returns how many versions went, by table.
   */
  async pruneHistory(): Promise<Record<string, number>> {
    if (ambientScopeOf(this.#core))
      throw new SchemaError('pruneHistory() cannot run inside dbContext; call it outside');
    const pruned: Record<string, number> = {};
    for (const meta of this.#core.entities.map(entityMeta)) {
      if (!meta.historyRetention) continue;
      pruned[meta.table] = await pruneVersions(this.#core, entityPlan(meta, this.#core.dialect));
    }
    return pruned;
  }

  /**
   * Writes a full backup to `<dataDir>/backups`: every table as CSV, all of one moment, and what the engine's own tool
   * makes. Goes on beside reads and writes.
   */
  backup(options: BackupRequest = {}): Promise<Backup> {
    return this.#backups.create(options);
  }

  /**
   * The backup of a schedule: of all instances that ask for the same moment, one makes it and verifies it.
   * @returns nothing where another instance makes it.
   */
  scheduledBackup(tick: Date): Promise<VerifiedBackup | undefined> {
    return this.#backups.createScheduled(tick);
  }

  /** Whether backups are sent to a store. */
  get storesBackups(): boolean {
    return this.#backups.hasStore;
  }

  /** Complete backups of this machine and of the store, newest first. */
  listBackups(): Promise<BackupEntry[]> {
    return this.#backups.list();
  }

  /** Compares every checksum and restores the backup into a scratch database, from which it must come out byte by byte. */
  verifyBackup(name: string): Promise<VerifiedBackup> {
    return this.#backups.verify(name);
  }

  /** A backup as one ZIP of its CSV files, to be stored or sent; `importBackup` takes it back. */
  exportBackup(name: string): Promise<Readable> {
    return this.#backups.pack(name);
  }

  /**
   * Takes a backup out of a ZIP into the folder of backups. Nothing in it is believed: names, lengths and checksums are compared.
   * @param path of the ZIP.
   */
  importBackup(path: string): Promise<ImportedBackup> {
    return this.#backups.unpack(path);
  }

  /**
   * Replaces the whole database by a backup, also one of another engine or an older schema, after a safety backup. Without
   * `confirm` it changes nothing and answers what it would do.
   */
  restoreFull(name: string, options: Confirmation & { confirm: true }): Promise<FullRestore>;
  restoreFull(name: string, options?: Confirmation): Promise<FullRestore | FullRestorePreview>;
  restoreFull(name: string, options: Confirmation = {}): Promise<FullRestore | FullRestorePreview> {
    return this.#backups.restoreFull(name, options);
  }

  /**
   * Imports tables of a backup into the database as it is: rows with the same id get the values of the backup as new
   * versions, newer rows stay. Each table is imported whole or not at all. Without `confirm` it changes nothing.
   */
  restoreCsv(name: string, options: CsvImportOptions & { confirm: true }): Promise<CsvImport>;
  restoreCsv(name: string, options?: CsvImportOptions): Promise<CsvImport | CsvImportPreview>;
  restoreCsv(name: string, options: CsvImportOptions = {}): Promise<CsvImport | CsvImportPreview> {
    return this.#backups.restoreCsv(name, options);
  }

  /**
   * Gives a table the rows that it had at a moment, out of its history: changed and deleted ones come back, later ones are
   * soft-deleted, and each change is a new version. Without `confirm` it changes nothing and answers what it would do.
   */
  revert(table: string, targetTime: Date, options: Confirmation & { confirm: true }): Promise<TableRevert>;
  revert(table: string, targetTime: Date, options?: Confirmation): Promise<TableRevert | TableRevertPreview>;
  async revert(table: string, targetTime: Date, options: Confirmation = {}): Promise<TableRevert | TableRevertPreview> {
    const [outcome] = await this.revertAll(targetTime, { ...options, tables: [table] });
    return outcome as TableRevert | TableRevertPreview;
  }

  /** Tables that keep a history. */
  get revertableTables(): string[] {
    const recorded = this.#core.entities.map(entityMeta).filter(({ history }) => history);
    return recorded.map(({ table }) => table);
  }

  /** The same for several tables at one moment, in one transaction; without `tables`, for every one that has a history. */
  revertAll(targetTime: Date, options: RevertAllOptions & { confirm: true }): Promise<TableRevert[]>;
  revertAll(targetTime: Date, options?: RevertAllOptions): Promise<Array<TableRevert | TableRevertPreview>>;
  async revertAll(
    targetTime: Date,
    { tables, confirm }: RevertAllOptions = {},
  ): Promise<Array<TableRevert | TableRevertPreview>> {
    assertTargetTime(targetTime, this.#core.clock.now());
    const plans = (tables ?? this.revertableTables).map((table) => this.planOf(table));
    if (confirm === true) return revertTables(currentSession(this.#core), plans, targetTime);
    return Promise.all(plans.map((plan) => previewRevert(this.#core, plan, targetTime)));
  }

  /** Runs `fn` in one transaction while no other instance migrates or seeds. */
  async withMigrationLock<T>(fn: (db: DatabaseHandle) => T | Promise<T>): Promise<T> {
    if (ambientScopeOf(this.#core))
      throw new SchemaError('withMigrationLock() cannot run inside dbContext; call it outside');
    return this.#core.unit(
      async (scope) => {
        await this.#core.dialect.lockMigrations(scope, false);
        return runInScope(scope, async () => fn(new DatabaseHandle(scope)));
      },
      { patient: true },
    );
  }

  /** `dbContext` on this database. */
  context<T>(fn: (db: DatabaseHandle) => T | Promise<T>, options: Omit<DbContextOptions, 'db'> = {}): Promise<T> {
    return dbContext(fn, { ...options, db: this });
  }

  /**
   * `write`: every committed change of a row, with the row before and after, for which some engines read it first. `change`:
   * the same without the rows, at no such cost. `query`: every statement, once it has ended. `slow`: every statement that
   * took `slowQueryMs` or longer. A transaction that is open already is not heard of.
   * @returns what takes the listener off again.
   */
  on<Name extends keyof DatabaseEvents>(event: Name, listener: (event: DatabaseEvents[Name]) => unknown): () => void {
    return subscribe(this.#core, event, listener);
  }

  /** The time of the database's server, Unix ms; undefined for a database in this process. */
  async serverTime(): Promise<number | undefined> {
    const { serverTime } = this.#core.dialect;
    if (serverTime === undefined) return undefined;
    const [row] = await this.query<{ now: unknown }>(`SELECT ${serverTime} AS now`);
    return Number(row?.now);
  }

  /** Connections, counts and the circuit as they are now. */
  stats(): DatabaseStats {
    return this.#core.stats();
  }

  /** `open` while the database fails and calls are refused. */
  get circuitState(): string {
    return this.#core.circuitState;
  }

  /** Waits for open transactions, then closes every connection. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    forgetOpen(this.#core);
    await this.#backups.close();
    await this.#core.close();
  }
}

/**
 * Opens a database: `sqlite:./data/app.db`, `sqlite:////absolute/app.db`, `sqlite::memory:`,
 * `postgresql://user:password@host/name`. The engine and its driver are loaded for the URL's scheme only.
 * @throws ConfigError for options that are unknown or malformed, SchemaError for a scheme without an engine, ConnectionError when the database cannot be opened.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Database> {
  checkConnectOptions(options);
  if (options.backupStore !== undefined) assertStoreInstalled();
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS, poolSize, statementTimeoutMs, idleTimeoutMs, ssl } = options;
  const openOptions = { acquireTimeoutMs, poolSize, statementTimeoutMs, idleTimeoutMs, ssl };
  const core = new DatabaseCore(await openEngine(url, openOptions), options);
  await openReplicas(core, options.replicas ?? [], openOptions);
  return new Database(core, options);
}
