import { SchemaError } from '../base/errors.js';
import { type ConnectOptions, checkConnectOptions } from './connect-options.js';
import { DatabaseHandle } from './database-handle.js';
import { type DbContextOptions, dbContext } from './db-context.js';
import type { EntityTarget } from './entity/field-types.js';
import { entityMeta } from './entity/registry.js';
import { pruneVersions } from './history/retention.js';
import { type LedgerEntry, readLedger } from './schema/ledger.js';
import {
  LARGE_TABLE_ROWS,
  type MigrateOptions,
  type Migration,
  migrate,
  type SchemaOptions,
} from './schema/migrate.js';
import { findOrphans, type Orphans } from './schema/orphans.js';
import { type Plan, planSchema } from './schema/plan.js';
import { ambientScopeOf, runInScope } from './session/ambient.js';
import { DEFAULT_ACQUIRE_TIMEOUT_MS } from './session/core-options.js';
import { DatabaseCore } from './session/database-core.js';
import { openEngine } from './session/engines.js';
import { forgetOpen, rememberOpen } from './session/open-databases.js';
import { openReplicas } from './session/replicas/open-replicas.js';
import { type DatabaseEvents, subscribe } from './session/watch/database-events.js';
import type { DatabaseStats } from './session/watch/database-stats.js';
import { entityPlan } from './sql/entity-plan.js';

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
    const { largeTableRows = LARGE_TABLE_ROWS } = this.#schema;
    return planSchema(this.#core, { allowDrops: options.allowDrops ?? [], largeTableRows });
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
   * `write`: every committed change of a row. `query`: every statement, once it has ended. `slow`: every statement that
   * took `slowQueryMs` or longer. A transaction that is open already is not heard of.
   * @returns what takes the listener off again.
   */
  on<Name extends keyof DatabaseEvents>(event: Name, listener: (event: DatabaseEvents[Name]) => unknown): () => void {
    return subscribe(this.#core, event, listener);
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
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS, poolSize, statementTimeoutMs, idleTimeoutMs, ssl } = options;
  const openOptions = { acquireTimeoutMs, poolSize, statementTimeoutMs, idleTimeoutMs, ssl };
  const core = new DatabaseCore(await openEngine(url, openOptions), options);
  await openReplicas(core, options.replicas ?? [], openOptions);
  return new Database(core, options);
}
