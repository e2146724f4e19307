import { AT } from '../../../entity/system-fields.js';
import { announceChanges, type ChangedRow, execute, updateOf } from '../../../history/record-many.js';
import { announce, type PortableRow, rowAfter, type Stamp, stamp } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { EntityPlan, PlannedColumn } from '../../../sql/entity-plan.js';
import { oneOf } from '../../../sql/read/one-of.js';
import { clearManySql, removalParameters, removalSql, removeManySql } from '../../../sql/write/remove-many.js';
import { lockReferring } from '../lock/lock-rows.js';
import { referencesTo } from './references.js';
import { type Departure, type Doomed, removalOrder } from './removal-order.js';

interface Found {
  readonly plan: EntityPlan;
  readonly rows: readonly PortableRow[];
}

/** A row that stays, without some of its references. */
interface Released {
  readonly plan: EntityPlan;
  readonly before: PortableRow;
  readonly columns: Set<PlannedColumn>;
}

/**
 * Deletes locked rows for good, and what follows them: rows that reference them with `cascade` are deleted, fields that
 * reference them with `set null` are cleared, on and on. The database would do so by itself, but leave no version; its own
 * references stay as the net for rows of tables that this database does not list.
 */
export async function removeRows(
  scope: Scope,
  plan: EntityPlan,
  rows: readonly PortableRow[],
  comment: string | undefined,
): Promise<void> {
  const removal = new Removal(scope);
  await removal.doom(plan, rows);
  await removal.carryOut(stamp(scope, comment));
}

/** A removal of rows that are found little by little. */
export class Removal {
  readonly #scope: Scope;
  /** By table, in the order in which they were found: what references comes after what it references. */
  readonly #doomed = new Map<string, Doomed & { readonly rows: Map<string, PortableRow> }>();
  readonly #released = new Map<string, Released>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Marks rows, and what follows them. A row that was marked before is not followed again, so rings end. */
  async doom(plan: EntityPlan, rows: readonly PortableRow[]): Promise<void> {
    const pending: Found[] = [{ plan, rows }];
    for (let next = pending.shift(); next; next = pending.shift()) {
      const fresh = this.#mark(next.plan, next.rows);
      if (fresh.length > 0) pending.push(...(await this.#follow(next.plan, fresh)));
    }
  }

  /** Versions of all rows are written before any row goes: in a ring, the database may follow faster than this does. */
  async carryOut(made: Stamp): Promise<void> {
    const doomed = [...this.#doomed.values()];
    await this.#clearReferences(made);
    for (const { plan, rows } of doomed) if (plan.meta.history) await this.#record(plan, rows, made);
    for (const departure of removalOrder(this.#scope.core, doomed)) await this.#depart(departure);
    for (const { plan, rows } of doomed.toReversed())
      for (const row of rows.values()) announce(this.#scope, plan, 'delete', row, undefined);
  }

  /** @returns the rows that have to go with those of `ids`; of others, notes the fields that have to be cleared. */
  async #follow(target: EntityPlan, ids: readonly string[]): Promise<Found[]> {
    const found: Found[] = [];
    for (const { plan, column, onDelete } of referencesTo(this.#scope.core, target.meta)) {
      if (onDelete === 'restrict') continue;
      const lockFor = onDelete === 'cascade' ? 'removal' : 'change';
      const rows = [...(await lockReferring(this.#scope, plan, column, ids, lockFor)).values()];
      if (onDelete === 'cascade') found.push({ plan, rows });
      else for (const row of rows) this.#release(plan, row, column);
    }
    return found;
  }

  /** @returns the ids of those that were not marked yet. */
  #mark(plan: EntityPlan, rows: readonly PortableRow[]): string[] {
    const known = this.#doomed.get(plan.meta.table)?.rows ?? new Map<string, PortableRow>();
    this.#doomed.set(plan.meta.table, { plan, rows: known });
    const fresh = rows.filter((row) => !known.has(row[AT.id] as string));
    for (const row of fresh) known.set(row[AT.id] as string, row);
    return fresh.map((row) => row[AT.id] as string);
  }

  #release(plan: EntityPlan, before: PortableRow, column: PlannedColumn): void {
    const key = JSON.stringify([plan.meta.table, before[AT.id]]);
    const known = this.#released.get(key) ?? { plan, before, columns: new Set() };
    known.columns.add(column);
    this.#released.set(key, known);
  }

  async #clearReferences({ comment, actorId }: Stamp): Promise<void> {
    const changes = new Map<EntityPlan, ChangedRow[]>();
    for (const { plan, before, columns } of this.#released.values()) {
      if (this.#doomed.get(plan.meta.table)?.rows.has(before[AT.id] as string)) continue;
      const made = stamp(this.#scope, comment ?? undefined, before[AT.updatedAt]);
      const cleared = [...columns].map((column) => ({ column, value: null }));
      const after = rowAfter(before, cleared, made);
      const change: ChangedRow = {
        before,
        after,
        columns: cleared.map(({ column }) => column.index),
        action: 'update',
      };
      changes.set(plan, [...(changes.get(plan) ?? []), change]);
    }
    for (const [plan, some] of changes) {
      await execute(this.#scope, updateOf(plan, some, { userId: actorId, comment }));
      announceChanges(this.#scope, plan, some);
    }
  }

  async #record(plan: EntityPlan, rows: ReadonlyMap<string, PortableRow>, made: Stamp): Promise<void> {
    for (const some of oneOf(plan.dialect, rows.keys()))
      await this.#scope.run(removalSql(plan, some), removalParameters(plan, some, made));
  }

  async #depart({ plan, ids, cleared }: Departure): Promise<void> {
    for (const some of oneOf(plan.dialect, ids)) {
      const sql = cleared ? clearManySql(plan, cleared, some) : removeManySql(plan, some);
      await this.#scope.run(sql, some.values);
    }
  }
}
