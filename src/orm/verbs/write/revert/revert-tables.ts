import { withActor, withoutTenant } from '../../../../base/context.js';
import { ConstraintError, ValidationError } from '../../../../base/errors.js';
import { AT } from '../../../entity/system-fields.js';
import { asOfSource, assertKept } from '../../../history/as-of.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { placeholders } from '../../../sql/read/fragment.js';
import { softDeleteById } from '../change/change.js';
import { revertById } from './revert.js';

/** What a revert of a table would do. */
export interface TableRevertPreview {
  readonly dryRun: true;
  readonly table: string;
  readonly targetTime: Date;
  /** Rows that were there at that time and had not been deleted. */
  readonly rowsInHistoryAtTarget: number;
  readonly currentRows: number;
  readonly rowsCreatedAfter: number;
  readonly message: string;
}

/** What a revert of a table did. */
export interface TableRevert {
  readonly dryRun: false;
  readonly table: string;
  readonly targetTime: Date;
  /** Rows that were changed, or came back. */
  readonly restored: number;
  /** Rows that were not there at that time. */
  readonly softDeleted: number;
}

const ACTOR = { id: 'system:history_restore' };

/** Counts what a revert would do. */
export function previewRevert(session: Session, plan: EntityPlan, targetTime: Date): Promise<TableRevertPreview> {
  return withoutTenant(() =>
    session.unit(
      async (scope) => {
        const past = pastOf(plan, targetTime);
        const counts = await Promise.all([
          count(scope, `${past.sql} WHERE ${live(plan)}`, past.values),
          count(scope, `${plan.table} WHERE ${live(plan)}`, []),
          bornLater(scope, plan, targetTime).then((ids) => ids.length),
        ]);
        await assertKept(scope, plan, targetTime, { sql: '', params: [] });
        const [rowsInHistoryAtTarget = 0, currentRows = 0, rowsCreatedAfter = 0] = counts;
        const message = 'Set confirm=true to execute.';
        const { table } = plan.meta;
        return { dryRun: true, table, targetTime, rowsInHistoryAtTarget, currentRows, rowsCreatedAfter, message };
      },
      { readOnly: true },
    ),
  );
}

/**
 * Gives tables the rows that they had at one moment, in one transaction. Each change is a new version; no old one is touched.
 * Rows get the times of then, versions carry the time of now. A row that has its values of then is left as it is.
 */
export function revertTables(
  session: Session,
  plans: readonly EntityPlan[],
  targetTime: Date,
  comment = `Restored to ${targetTime.toISOString()}`,
): Promise<TableRevert[]> {
  return withActor(ACTOR, () =>
    withoutTenant(() =>
      session.unit((scope) => new TablesRevert(scope, targetTime, comment).run(plans), { patient: true }),
    ),
  );
}

/** A row that is to get the values of one of its versions. */
interface Wanted {
  readonly plan: EntityPlan;
  readonly id: string;
  readonly version: number;
  /** Of the row as it is; `undefined` where it is gone. */
  readonly current: number | undefined;
  readonly updatedAt: unknown;
}

class TablesRevert {
  readonly #scope: Scope;
  readonly #targetTime: Date;
  readonly #comment: string;
  readonly #restored = new Map<EntityPlan, number>();

  constructor(scope: Scope, targetTime: Date, comment: string) {
    this.#scope = scope;
    this.#targetTime = targetTime;
    this.#comment = comment;
  }

  /** Rows that were not there go first, for they may hold what is unique to those that come back. */
  async run(plans: readonly EntityPlan[]): Promise<TableRevert[]> {
    const softDeleted = new Map<EntityPlan, number>();
    let wanted: Wanted[] = [];
    for (const plan of plans) {
      const late = await bornLater(this.#scope, plan, this.#targetTime);
      for (const id of late) await softDeleteById(this.#scope, plan, id, { comment: this.#comment });
      softDeleted.set(plan, late.length);
      wanted.push(...(await changedSince(this.#scope, plan, this.#targetTime)));
      await assertKept(this.#scope, plan, this.#targetTime, { sql: '', params: [] });
    }
    while (wanted.length > 0) wanted = await this.#restoreSome(wanted);
    return plans.map((plan) => ({
      dryRun: false,
      table: plan.meta.table,
      targetTime: this.#targetTime,
      restored: this.#restored.get(plan) ?? 0,
      softDeleted: softDeleted.get(plan) ?? 0,
    }));
  }

  /** One row may have to wait for another one that it references, or whose unique value it had. @returns those that do. */
  async #restoreSome(wanted: readonly Wanted[]): Promise<Wanted[]> {
    const waiting: Wanted[] = [];
    let obstacle: ConstraintError | undefined;
    for (const row of wanted) {
      try {
        await this.#scope.unit((inner) => this.#restore(inner, row));
      } catch (error) {
        if (!(error instanceof ConstraintError)) throw error;
        obstacle = error;
        waiting.push(row);
      }
    }
    if (obstacle && waiting.length === wanted.length) throw obstacle;
    return waiting;
  }

  async #restore(scope: Scope, { plan, id, version, current, updatedAt }: Wanted): Promise<void> {
    const { quote, placeholder } = plan.dialect;
    const row = await revertById(scope, plan, id, version, { comment: this.#comment });
    const written = (row as { version: number }).version;
    if (written === current) return;
    this.#restored.set(plan, (this.#restored.get(plan) ?? 0) + 1);
    const set = `SET ${plan.columns[AT.updatedAt]?.quoted} = ${placeholder(1)} WHERE ${quote('id')} = ${placeholder(2)}`;
    await scope.run(`UPDATE ${plan.table} ${set}`, [updatedAt, id]);
    const own = `${set} AND ${quote('version')} = ${placeholder(3)}`;
    await scope.run(`UPDATE ${plan.historyTable} ${own}`, [updatedAt, id, written]);
  }
}

function pastOf(plan: EntityPlan, targetTime: Date): { sql: string; values: readonly unknown[] } {
  const past = asOfSource(plan, targetTime);
  return { sql: past.write(placeholders(plan.dialect)), values: past.values };
}

/** Rows whose newest version is not the one of then. */
async function changedSince(scope: Scope, plan: EntityPlan, targetTime: Date): Promise<Wanted[]> {
  const [id, updatedAt, version] = [AT.id, AT.updatedAt, AT.version].map((at) => plan.columns[at]?.quoted);
  const past = pastOf(plan, targetTime);
  const rows = await scope.all(
    `SELECT past.${id}, past.${version}, t.${version}, past.${updatedAt} FROM ${past.sql} LEFT JOIN ${plan.table} t ON t.${id} = past.${id} ` +
      `WHERE t.${id} IS NULL OR t.${version} <> past.${version} ORDER BY past.${id}`,
    past.values,
  );
  return rows.map(([rowId, then, now, time]) => ({
    plan,
    id: rowId as string,
    version: Number(then),
    current: now === null ? undefined : Number(now),
    updatedAt: plan.dialect.bind(time),
  }));
}

/** Rows that the history knows, but not at that time. One that was made without a history is left alone. */
async function bornLater(scope: Scope, plan: EntityPlan, targetTime: Date): Promise<string[]> {
  const id = plan.columns[AT.id]?.quoted;
  const past = pastOf(plan, targetTime);
  const rows = await scope.all(
    `SELECT t.${id} FROM ${plan.table} t LEFT JOIN ${past.sql} ON past.${id} = t.${id} WHERE past.${id} IS NULL ` +
      `AND t.${plan.columns[AT.deletedAt]?.quoted} IS NULL AND EXISTS (SELECT 1 FROM ${plan.historyTable} o WHERE o.${id} = t.${id})`,
    past.values,
  );
  return rows.map(([rowId]) => rowId as string);
}

function live(plan: EntityPlan): string {
  return `${plan.columns[AT.deletedAt]?.quoted} IS NULL`;
}

async function count(scope: Scope, from: string, values: readonly unknown[]): Promise<number> {
  const [row] = await scope.all(`SELECT COUNT(*) FROM ${from}`, values);
  return Number(row?.[0]);
}

/** @throws ValidationError for what is no moment of the past. */
export function assertTargetTime(targetTime: Date, now: number): void {
  const isMoment = targetTime instanceof Date && !Number.isNaN(targetTime.getTime());
  if (isMoment && targetTime.getTime() <= now) return;
  throw new ValidationError(
    [{ loc: ['target_time'], msg: 'must be a moment of the past', type: 'invalid_value' }],
    'The time to revert to must be a moment of the past',
  );
}
