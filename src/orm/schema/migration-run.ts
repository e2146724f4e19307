import { ConstraintError, SchemaError } from '../../base/errors.js';
import type { SchemaStep, TableShape } from '../dialect/shape.js';
import { runInScope } from '../session/ambient.js';
import type { DatabaseCore } from '../session/database-core.js';
import type { Scope } from '../session/scope.js';
import { runInBatches } from './backfill.js';
import type { DesiredSchema } from './desired.js';
import type { PlanWarning } from './diff.js';
import { isDone, LEDGER, lastMigration, type Rename, recordMigration, updateMigration } from './ledger.js';
import { buildPlan, type DetailedPlan, type Plan } from './plan.js';

export interface RunOptions {
  readonly allowDrops: readonly string[];
  /** Believe the ledger where it says that nothing is to be done. */
  readonly mayShortcut: boolean;
  readonly largeTableRows: number;
  beforeMigrate?: ((plan: Plan) => void | Promise<void>) | undefined;
}

/** Someone who keeps changing the database while it is migrated is not waited for. */
const MAX_ROUNDS = 5;

/**
 * One call of `migrate`. Under the migration lock it looks at the database, plans what is left to do and does it: first
 * in one transaction, where the engine has such for tables, then what takes long, step by step.
 */
export class MigrationRun {
  readonly #core: DatabaseCore;
  readonly #desired: DesiredSchema;
  readonly #options: RunOptions;
  readonly #appliedAt: string;
  /** Whether the unit of work is no transaction, but has one inside it. */
  readonly #autocommit: boolean;
  readonly #done: SchemaStep[] = [];
  #warnings: readonly PlanWarning[] = [];
  #announced = false;
  #entry: { readonly id: number; readonly renames: readonly Rename[] } | undefined;

  constructor(core: DatabaseCore, desired: DesiredSchema, options: RunOptions) {
    this.#core = core;
    this.#desired = desired;
    this.#options = options;
    this.#appliedAt = new Date(core.clock.now()).toISOString();
    // Where writers take turns, the transaction itself keeps other migrators out.
    this.#autocommit = !core.dialect.capabilities.writersTakeTurns;
  }

  get steps(): readonly SchemaStep[] {
    return this.#done;
  }

  get warnings(): readonly PlanWarning[] {
    return this.#warnings;
  }

  /** May be called again when it failed, and then goes on. */
  run(): Promise<void> {
    return this.#core.unit((scope) => this.#migrate(scope), { schemaChange: true, autocommit: this.#autocommit });
  }

  async #migrate(scope: Scope): Promise<void> {
    await this.#core.dialect.lockMigrations(scope, this.#autocommit);
    let plan = await this.#firstPlan(scope);
    if (!plan) return;
    await this.#announce(scope, plan);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (await this.#apply(scope, plan)) return;
      plan = await this.#plan(scope);
    }
    throw new SchemaError('The data kept changing while it was migrated; run migrate() again');
  }

  /** Nothing where another instance has done it while this one waited for the lock. */
  async #firstPlan(scope: Scope): Promise<DetailedPlan | undefined> {
    const tables = await this.#core.dialect.introspect(scope);
    const wasMigrated = tables.some((table) => table.name === LEDGER);
    const last = wasMigrated ? await lastMigration(scope) : undefined;
    if (this.#options.mayShortcut && isDone(last, this.#desired.hash)) return undefined;
    if (this.#entry?.id !== last?.id) this.#entry = undefined; // it was rolled back
    return this.#plan(scope, tables);
  }

  async #plan(scope: Scope, tables?: readonly TableShape[]): Promise<DetailedPlan> {
    const found = tables ?? (await this.#core.dialect.introspect(scope));
    const plan = await buildPlan(scope, this.#desired, found, this.#options);
    this.#warnings = plan.warnings;
    return plan;
  }

  async #announce(scope: Scope, plan: DetailedPlan): Promise<void> {
    if (this.#announced || plan.steps.length === 0 || plan.emptyDatabase) return;
    await this.#transaction(scope, () => runInScope(scope, async () => this.#options.beforeMigrate?.(plan)));
    this.#announced = true;
  }

  /** @returns whether nothing is left to do. */
  async #apply(scope: Scope, plan: DetailedPlan): Promise<boolean> {
    const online = plan.steps.filter((step) => step.online);
    const atOnce = plan.steps.filter((step) => !step.online);
    if (atOnce.length > 0 || !this.#entry) {
      await this.#transaction(scope, () => this.#applyAtOnce(scope, plan, atOnce, online.length));
      this.#done.push(...atOnce);
      if (online.length > 0) return false; // which are planned again, for the tables as they are now
    }
    for (const step of online) if (!(await this.#runAlone(scope, step))) return false;
    await this.#note(scope, plan, 0);
    return true;
  }

  /** The entry comes before the changes, so that a migrator that dies among them leaves word of what it had begun. */
  async #applyAtOnce(
    scope: Scope,
    plan: DetailedPlan,
    steps: readonly SchemaStep[],
    outstanding: number,
  ): Promise<void> {
    for (const step of plan.ledgerSteps) await scope.run(step.sql, step.params);
    if (!this.#entry && !(await this.#isWorthAnEntry(scope, plan))) return;
    await this.#begin(scope, plan);
    for (const step of steps) if (!plan.ledgerSteps.includes(step)) await scope.run(step.sql, step.params);
    await this.#note(scope, plan, outstanding);
  }

  /** While some wishes wait for the data, every start looks again; that alone is no migration. */
  async #isWorthAnEntry(scope: Scope, plan: DetailedPlan): Promise<boolean> {
    if (plan.steps.length > 0) return true;
    return plan.pending === 0 && !isDone(await lastMigration(scope), plan.hash);
  }

  async #begin(scope: Scope, plan: DetailedPlan): Promise<void> {
    if (this.#entry) return;
    const renames = plan.renames.filter(isCopying);
    const pending = plan.pending + plan.steps.length;
    const id = await recordMigration(scope, { ...plan, appliedAt: this.#appliedAt, renames, pending });
    this.#entry = { id, renames: [] };
  }

  /** @param outstanding steps that are still to be done. */
  async #note(scope: Scope, plan: DetailedPlan, outstanding: number): Promise<void> {
    if (!this.#entry) return;
    const reached = plan.renames.map((rename) => (outstanding > 0 ? rename : { ...rename, copying: undefined }));
    const renames = [...this.#entry.renames.filter((rename) => !isCopying(rename)), ...reached];
    await updateMigration(scope, this.#entry.id, { renames, pending: plan.pending + outstanding });
    this.#entry = { ...this.#entry, renames };
  }

  /** A constraint that the data breaks since it was counted is planned again, and then waits. */
  async #runAlone(scope: Scope, step: SchemaStep): Promise<boolean> {
    try {
      if (step.batchesOf === undefined) await scope.run(step.sql, step.params);
      else await runInBatches(scope, step);
      this.#done.push(step);
      return true;
    } catch (error) {
      if (!(error instanceof ConstraintError)) throw error;
      this.#core.logger.warn({ err: error, step: step.description }, 'The data has changed while it was migrated');
      return false;
    }
  }

  async #transaction(scope: Scope, work: () => Promise<void>): Promise<void> {
    if (!this.#autocommit) return work();
    await scope.run('BEGIN', []);
    try {
      await work();
      await scope.run('COMMIT', []);
    } catch (error) {
      await scope.run('ROLLBACK', []).catch(() => {}); // the fault that counts is the first one
      throw error;
    }
  }
}

function isCopying({ copying }: Rename): boolean {
  return copying !== undefined;
}
