import type { ColumnCopy, ColumnShape, SchemaStep, TableShape } from '../dialect/shape.js';
import type { DatabaseCore } from '../session/database-core.js';
import type { Session } from '../session/session.js';
import { pendingCopies } from './backfill.js';
import { type DesiredSchema, type DesiredTable, desiredSchema } from './desired.js';
import { diffTable, type PlanWarning } from './diff.js';
import { planTriggers } from './history-triggers.js';
import { isOwnTable, LEDGER, ledgerShape, type Rename, recordedRenames } from './ledger.js';

export type { PlanWarning } from './diff.js';

/** What a migration would do. */
export interface Plan {
  /** Fingerprint of what the entities declare. */
  readonly hash: string;
  readonly steps: readonly SchemaStep[];
  /** What would not be done, and how to have it done. */
  readonly warnings: readonly PlanWarning[];
  /** The list as a person reads it. */
  toString(): string;
}

/** A plan with what only the migration itself needs. */
export interface DetailedPlan extends Plan {
  /** Those of the steps that make the ledger itself. */
  readonly ledgerSteps: readonly SchemaStep[];
  readonly renames: readonly Rename[];
  readonly pending: number;
  /** Whether the database holds no table of anyone yet. */
  readonly emptyDatabase: boolean;
}

export interface PlanOptions {
  readonly allowDrops: readonly string[];
  readonly largeTableRows: number;
}

/** Works out what has to change. Reads only. */
export async function planSchema(core: DatabaseCore, options: PlanOptions): Promise<Plan> {
  return buildPlan(core, desiredSchema(core.entities, core.dialect), await core.dialect.introspect(core), options);
}

export async function buildPlan(
  session: Session,
  desired: DesiredSchema,
  tables: readonly TableShape[],
  options: PlanOptions,
): Promise<DetailedPlan> {
  const { dialect } = session.core;
  const found = new Map(tables.map((table) => [table.name, table]));
  const triggers = planTriggers(dialect, desired.tables, found, new Set(options.allowDrops));
  const builder = new PlanBuilder(
    session,
    triggers.tables,
    options,
    found.has(LEDGER) ? await recordedRenames(session, desired.hash) : [],
  );
  builder.addLedger(dialect.createTable(ledgerShape(dialect)));
  builder.add(triggers.before);
  for (const table of desired.tables) await builder.findFormerRows(table);
  for (const table of desired.tables) await builder.addTable(table);
  builder.add(triggers.after);
  builder.addOrphans(desired);
  return builder.finish(desired.hash);
}

class PlanBuilder {
  readonly #session: Session;
  readonly #found: ReadonlyMap<string, TableShape>;
  readonly #options: PlanOptions;
  readonly #allowed: ReadonlySet<string>;
  readonly #recorded: readonly Rename[];
  /** Tables by the name of the one that takes their rows now. */
  readonly #former = new Map<string, TableShape>();
  readonly #steps: SchemaStep[] = [];
  readonly #warnings: PlanWarning[] = [];
  readonly #renames: Rename[] = [];
  #ledgerSteps: readonly SchemaStep[] = [];
  #pending = 0;

  constructor(
    session: Session,
    found: ReadonlyMap<string, TableShape>,
    options: PlanOptions,
    recorded: readonly Rename[],
  ) {
    this.#session = session;
    this.#found = found;
    this.#options = options;
    this.#allowed = new Set(options.allowDrops);
    this.#recorded = recorded;
  }

  add(steps: readonly SchemaStep[]): void {
    this.#steps.push(...steps);
  }

  addLedger(steps: readonly SchemaStep[]): void {
    if (this.#found.has(LEDGER)) return;
    this.#ledgerSteps = steps;
    this.add(steps);
  }

  /** Rows of the table that this one was before. They move once: a table that was emptied later stays empty. */
  async findFormerRows({ shape, renamedFrom }: DesiredTable): Promise<void> {
    const former = renamedFrom === undefined ? undefined : this.#found.get(renamedFrom);
    const current = this.#found.get(shape.name);
    if (!former || (current && !(await this.#wasCutOff(current, moveOf(former, shape))))) return;
    this.#former.set(shape.name, former);
  }

  async addTable(desired: DesiredTable): Promise<void> {
    const { shape, renames } = desired;
    const current = this.#found.get(shape.name);
    const former = this.#former.get(shape.name);
    if (!current) this.add(this.#session.core.dialect.createTable(shape));
    if (former) {
      this.add([copyRows(this.#session, { shape, renames, columns: (current ?? shape).columns }, former)]);
      this.#renames.push(moveOf(former, shape));
    }
    if (current) await this.#changeTable(desired, current);
  }

  /** Where a new table is committed at once, a migrator may have died before it moved the rows. */
  async #wasCutOff(current: TableShape, { from }: Rename): Promise<boolean> {
    const { capabilities, quote } = this.#session.core.dialect;
    if (capabilities.transactionalDdl) return false;
    if (this.#recorded.some((rename) => rename.table === current.name && rename.from === from)) return false;
    return (await this.#session.all(`SELECT 1 FROM ${quote(current.name)} LIMIT 1`, [])).length === 0;
  }

  async #changeTable(desired: DesiredTable, current: TableShape): Promise<void> {
    const copies = pendingCopies(desired, current, this.#recorded);
    const diff = await diffTable({
      session: this.#session,
      desired,
      current,
      copies,
      allowed: this.#allowed,
      rowsOf: (table) => this.#rowsOf(table),
    });
    const large = current.rows !== undefined && current.rows >= this.#options.largeTableRows;
    const steps = this.#session.core.dialect.changeTable(current, diff.target, copies, large);
    const inBatches = steps.some((step) => step.batchesOf !== undefined);
    this.add(steps);
    this.#warnings.push(...diff.warnings);
    this.#pending += diff.pending;
    this.#renames.push(...copies.map((copy) => renameOf(current, copy, inBatches)));
  }

  #rowsOf(table: string): string | undefined {
    return this.#former.get(table)?.name ?? this.#found.get(table)?.name;
  }

  /** Tables that no entity declares any more. */
  addOrphans(desired: DesiredSchema): void {
    const wanted = new Set([...desired.tables.map((table) => table.shape.name)]);
    for (const name of this.#found.keys()) {
      if (wanted.has(name) || isOwnTable(name)) continue;
      if (this.#allowed.has(name)) this.add(this.#session.core.dialect.dropTable(name));
      else
        this.#warnings.push({
          name,
          message: `${name} is no longer declared; it is kept. To drop it, run migrate({ allowDrops: ['${name}'] })`,
        });
    }
  }

  finish(hash: string): DetailedPlan {
    const phase = (step: SchemaStep): number => (step.online ? 2 : 0) + (step.afterTables ? 1 : 0);
    const steps = this.#steps.toSorted((a, b) => phase(a) - phase(b));
    const warnings = this.#warnings;
    return {
      hash,
      ledgerSteps: this.#ledgerSteps,
      steps,
      warnings,
      renames: this.#renames,
      pending: this.#pending,
      emptyDatabase: this.#found.size === 0,
      toString: () => describePlan(steps, warnings),
    };
  }
}

/** A move of rows among the renames of columns. */
function moveOf(former: TableShape, { name }: TableShape): Rename {
  return { table: name, from: `table ${former.name}`, to: `table ${name}` };
}

function renameOf(table: TableShape, { from, to, overwrite, fresh }: ColumnCopy, inBatches: boolean): Rename {
  if (!inBatches) return { table: table.name, from, to };
  return { table: table.name, from, to, copying: overwrite ? 'overwrite' : fresh ? 'fresh' : 'fill' };
}

interface RowTarget extends Pick<DesiredTable, 'shape' | 'renames'> {
  /** Those that are there when the rows come. */
  readonly columns: readonly ColumnShape[];
}

function copyRows(session: Session, desired: RowTarget, former: TableShape): SchemaStep {
  const { quote } = session.core.dialect;
  const found = new Set(former.columns.map((column) => column.name));
  const pairs = desired.columns.flatMap(({ name }) => {
    const from = desired.renames.find((rename) => rename.to === name)?.from;
    const source = from !== undefined && found.has(from) ? from : name;
    return found.has(source) ? [{ name, source }] : [];
  });
  const into = pairs.map(({ name }) => quote(name)).join(', ');
  const values = pairs.map(({ source }) => quote(source)).join(', ');
  return {
    sql: `INSERT INTO ${quote(desired.shape.name)} (${into}) SELECT ${values} FROM ${quote(former.name)}`,
    params: [],
    description: `copy the rows of ${former.name} to ${desired.shape.name}`,
  };
}

function describePlan(steps: readonly SchemaStep[], warnings: readonly PlanWarning[]): string {
  const lines = [
    ...(steps.length === 0 ? ['Nothing to do.'] : steps.map((step, index) => `${index + 1}. ${step.description}`)),
    ...warnings.map((warning) => `warning: ${warning.message}`),
  ];
  return lines.join('\n');
}
