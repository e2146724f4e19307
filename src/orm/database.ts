import { SchemaError } from '../base/errors.js';
import { DatabaseHandle } from './database-handle.js';
import { type DbContextOptions, dbContext } from './db-context.js';
import type { EntityTarget } from './entity/field-types.js';
import { type LedgerEntry, readLedger } from './schema/ledger.js';
import { type MigrateOptions, type Migration, migrate, type SchemaOptions } from './schema/migrate.js';
import { findOrphans, type Orphans } from './schema/orphans.js';
import { type Plan, planSchema } from './schema/plan.js';
import { ambientScopeOf, runInScope } from './session/ambient.js';
import { type CoreOptions, DatabaseCore, DEFAULT_ACQUIRE_TIMEOUT_MS } from './session/database-core.js';
import { openEngine } from './session/engines.js';
import { forgetOpen, rememberOpen } from './session/open-databases.js';
import type { WriteListener } from './session/write-event.js';

export interface ConnectOptions extends CoreOptions, SchemaOptions {}

/** An open database. */
export class Database extends DatabaseHandle {
  readonly #core: DatabaseCore;
  readonly #schema: SchemaOptions;
  #closing: Promise<void> | undefined;

  constructor(core: DatabaseCore, options: SchemaOptions) {
    super(core);
    this.#core = core;
    this.#schema = options;
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
    return planSchema(this.#core, options.allowDrops ?? []);
  }

  /** Brings the database to what the entities say. One instance at a time; nothing is lost without an opt-in by name. */
  migrate(options: MigrateOptions = {}): Promise<Migration> {
    return migrate(this.#core, this.#schema, options);
  }

  /** Tables and columns that no entity declares any more. */
  orphans(): Promise<Orphans> {
    return findOrphans(this.#core);
  }

  /** Applied migrations, newest first. */
  migrations(): Promise<LedgerEntry[]> {
    return readLedger(this.#core);
  }

  /** Runs `fn` in one transaction while no other instance migrates or seeds. */
  async withMigrationLock<T>(fn: (db: DatabaseHandle) => T | Promise<T>): Promise<T> {
    if (ambientScopeOf(this.#core))
      throw new SchemaError('withMigrationLock() cannot run inside dbContext; call it outside');
    return this.#core.unit(
      async (scope) => {
        await this.#core.dialect.lockMigrations(scope);
        return runInScope(scope, async () => fn(new DatabaseHandle(scope)));
      },
      { patient: true },
    );
  }

  /** `dbContext` on this database. */
  context<T>(fn: (db: DatabaseHandle) => T | Promise<T>, options: Omit<DbContextOptions, 'db'> = {}): Promise<T> {
    return dbContext(fn, { ...options, db: this });
  }

  /** Every committed change of a row. @returns what takes the listener off again. */
  on(_event: 'write', listener: WriteListener): () => void {
    return this.#core.onWrite(listener);
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
    await this.#core.close();
  }
}

/**
 * Opens a database: `sqlite:./data/app.db`, `sqlite:////absolute/app.db`, `sqlite::memory:`,
 * `postgresql://user:password@host/name`. The engine and its driver are loaded for the URL's scheme only.
 * @throws SchemaError for a scheme without an engine, ConnectionError when the database cannot be opened.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Database> {
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS, poolSize, statementTimeoutMs } = options;
  const engine = await openEngine(url, { acquireTimeoutMs, poolSize, statementTimeoutMs });
  return new Database(new DatabaseCore(engine, options), options);
}
