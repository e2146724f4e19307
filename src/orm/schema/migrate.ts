import type { BackoffPolicy } from '../../base/backoff.js';
import { SchemaError, TimeoutError } from '../../base/errors.js';
import { retry } from '../../base/retry.js';
import type { SchemaStep } from '../dialect/shape.js';
import { ambientScopeOf } from '../session/ambient.js';
import type { DatabaseCore } from '../session/database-core.js';
import { writeAuditScripts } from './audit-script.js';
import { desiredSchema } from './desired.js';
import type { PlanWarning } from './diff.js';
import { isDone, lastMigration } from './ledger.js';
import { MigrationRun } from './migration-run.js';
import type { Plan } from './plan.js';

export interface SchemaOptions {
  /** Where `migrations_audit/` is kept; default `.data`, and nowhere for a database in memory. */
  dataDir?: string;
  /** Awaited before any change to a database that holds tables already; what it throws stops the migration. */
  beforeMigrate?: ((plan: Plan) => void | Promise<void>) | undefined;
  /**
   * From this many rows on, by the server's estimate, a table is changed in steps that hold off neither readers nor
   * writers for longer than a moment; default 100 000. SQLite has one writer anyway and changes a table at once.
   */
  largeTableRows?: number;
  /** How long a migration keeps trying to get at tables that others have locked, ms; default 30 000. */
  lockWaitMs?: number;
}

export interface MigrateOptions {
  /** What may lose data, by name: `table` or `table.column`. */
  allowDrops?: readonly string[];
  /** Compare with the database itself, also where the fingerprint says that nothing changed. */
  verify?: boolean;
}

/** What a migration did. */
export interface Migration {
  readonly hash: string;
  /** Whether anything was changed. */
  readonly changed: boolean;
  readonly steps: readonly SchemaStep[];
  readonly warnings: readonly PlanWarning[];
}

export const DEFAULT_DATA_DIR = '.data';
export const LARGE_TABLE_ROWS = 100_000;
const DEFAULT_LOCK_WAIT_MS = 30_000;

/** Longer than the waits of other units: whoever holds a table needs time to let go of it. */
const BACKOFF: BackoffPolicy = { baseMs: 500, factor: 2, capMs: 5_000, jitter: 0.5 };

/** Brings the database to what its entities say; one query when they have not changed since the last time. */
export async function migrate(core: DatabaseCore, schema: SchemaOptions, options: MigrateOptions): Promise<Migration> {
  if (ambientScopeOf(core)) throw new SchemaError('migrate() cannot run inside dbContext; call it outside');
  const desired = desiredSchema(core.entities, core.dialect);
  const allowDrops = options.allowDrops ?? [];
  const mayShortcut = allowDrops.length === 0 && !options.verify;
  const last = mayShortcut ? await lastMigration(core) : undefined;
  const { largeTableRows = LARGE_TABLE_ROWS, beforeMigrate } = schema;
  const run = new MigrationRun(core, desired, { allowDrops, mayShortcut, largeTableRows, beforeMigrate });
  if (!isDone(last, desired.hash)) await keepTrying(core, schema, run);
  const { steps, warnings } = run;
  const migration = { hash: desired.hash, changed: steps.length > 0, steps, warnings };
  report(core, migration);
  const dataDir = schema.dataDir ?? (core.volatile ? undefined : DEFAULT_DATA_DIR);
  if (dataDir !== undefined) await writeAuditScripts(core, dataDir, isDone(last, desired.hash) ? last : undefined);
  return migration;
}

/** A table that is in use is given up after a moment, so that nobody waits behind the migration, and tried again. */
function keepTrying(core: DatabaseCore, schema: SchemaOptions, migration: MigrationRun): Promise<void> {
  const deadline = performance.now() + (schema.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS);
  return retry(() => migration.run(), {
    tries: Number.POSITIVE_INFINITY,
    backoff: BACKOFF,
    isTransient: (error) =>
      error instanceof TimeoutError && core.dialect.isTransient(error) && performance.now() < deadline,
    onRetry: (error, attempt) => core.logger.warn({ err: error, attempt }, 'A migration waits for tables in use'),
  });
}

function report(core: DatabaseCore, { hash, changed, steps, warnings }: Migration): void {
  for (const warning of warnings) core.logger.warn({ name: warning.name }, warning.message);
  if (changed) core.logger.info({ hash: hash.slice(0, 8), steps: steps.length }, 'The database was migrated');
}
