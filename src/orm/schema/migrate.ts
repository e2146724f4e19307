import { SchemaError } from '../../base/errors.js';
import type { SchemaStep } from '../dialect/shape.js';
import { ambientScopeOf, runInScope } from '../session/ambient.js';
import type { DatabaseCore } from '../session/database-core.js';
import type { Scope } from '../session/scope.js';
import { writeAuditScript } from './audit-script.js';
import { desiredSchema } from './desired.js';
import type { PlanWarning } from './diff.js';
import { isCurrent, LEDGER, recordMigration } from './ledger.js';
import { buildPlan, type DetailedPlan, type Plan } from './plan.js';

export interface SchemaOptions {
  /** Where `migrations_audit/` is kept; default `.data`, and nowhere for a database in memory. */
  dataDir?: string;
  /** Awaited before any change to a database that holds tables already; what it throws stops the migration. */
  beforeMigrate?(plan: Plan): void | Promise<void>;
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

const DEFAULT_DATA_DIR = '.data';

/** Brings the database to what its entities say; one query when they have not changed since the last time. */
export async function migrate(core: DatabaseCore, schema: SchemaOptions, options: MigrateOptions): Promise<Migration> {
  if (ambientScopeOf(core)) throw new SchemaError('migrate() cannot run inside dbContext; call it outside');
  const desired = desiredSchema(core.entities, core.dialect);
  const allowDrops = options.allowDrops ?? [];
  const mayShortcut = allowDrops.length === 0 && !options.verify;
  if (mayShortcut && (await isCurrent(core, desired.hash))) return nothing(desired.hash);

  const appliedAt = new Date(core.clock.now()).toISOString();
  const migration = await core.unit(
    async (scope) => {
      await core.dialect.lockMigrations(scope);
      const tables = await core.dialect.introspect(scope);
      // Another instance may have migrated while this one waited.
      const migrated = tables.some((table) => table.name === LEDGER);
      if (mayShortcut && migrated && (await isCurrent(scope, desired.hash))) return nothing(desired.hash);
      return apply(scope, schema, await buildPlan(scope, desired, tables, allowDrops), appliedAt);
    },
    { schemaChange: true },
  );
  await report(core, schema, migration, appliedAt);
  return migration;
}

function nothing(hash: string): Migration {
  return { hash, changed: false, steps: [], warnings: [] };
}

async function apply(scope: Scope, schema: SchemaOptions, plan: DetailedPlan, appliedAt: string): Promise<Migration> {
  const changed = plan.steps.length > 0;
  if (changed && !plan.emptyDatabase) await runInScope(scope, async () => schema.beforeMigrate?.(plan));
  for (const step of plan.steps) await scope.run(step.sql, step.params);
  await record(scope, plan, appliedAt);
  return { hash: plan.hash, changed, steps: plan.steps, warnings: plan.warnings };
}

async function record(scope: Scope, plan: DetailedPlan, appliedAt: string): Promise<void> {
  // While some wishes wait for the data, every start looks again; that alone is no migration worth an entry.
  if (plan.steps.length === 0 && plan.pending > 0) return;
  if (plan.steps.length === 0 && (await isCurrent(scope, plan.hash))) return;
  await recordMigration(scope, { ...plan, appliedAt });
}

async function report(
  core: DatabaseCore,
  schema: SchemaOptions,
  migration: Migration,
  appliedAt: string,
): Promise<void> {
  for (const warning of migration.warnings) core.logger.warn({ name: warning.name }, warning.message);
  if (!migration.changed) return;
  core.logger.info({ hash: migration.hash.slice(0, 8), steps: migration.steps.length }, 'The database was migrated');
  const dataDir = schema.dataDir ?? (core.volatile ? undefined : DEFAULT_DATA_DIR);
  if (dataDir !== undefined) await writeAuditScript(dataDir, { ...migration, appliedAt });
}
