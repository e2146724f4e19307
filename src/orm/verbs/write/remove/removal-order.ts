import type { PortableRow } from '../../../history/recorder.js';
import type { DatabaseCore } from '../../../session/database-core.js';
import type { EntityPlan, PlannedColumn } from '../../../sql/entity-plan.js';
import { type Reference, referencesTo } from './references.js';

/** Rows of one table that are to be deleted, by id. */
export interface Doomed {
  readonly plan: EntityPlan;
  readonly rows: ReadonlyMap<string, PortableRow>;
}

/** Rows of one table that go at once, or, where a column is named, let go there of what they reference. */
export interface Departure {
  readonly plan: EntityPlan;
  readonly ids: Iterable<string>;
  readonly cleared?: PlannedColumn;
}

/** A row, and the rows that it references; those that reference it are counted. */
interface Held {
  readonly plan: EntityPlan;
  readonly id: string;
  holders: number;
  holds: Hold[];
}

interface Hold {
  readonly named: Held;
  readonly column: PlannedColumn;
  /** It stands against the deletion of the row that it names, and can be cleared. */
  readonly loosens: boolean;
}

/**
 * The order in which rows go that go together. By table, what references before what it references, unless a reference
 * between them restricts: then row by row, for rows of one table may restrict each other, and some engines look at each
 * row on its own. Rows that name each other in a ring let go of each other first, where they can.
 * @param doomed in the order in which they were found: what references comes after what it references.
 */
export function removalOrder(core: DatabaseCore, doomed: readonly Doomed[]): Departure[] {
  const tables = new Set(doomed.map(({ plan }) => plan.meta.table));
  const references = doomed.flatMap(({ plan: target }) =>
    referencesTo(core, target.meta)
      .filter(({ plan, onDelete }) => tables.has(plan.meta.table) && onDelete !== 'set null')
      .map((reference) => ({ ...reference, target })),
  );
  if (references.every(({ onDelete }) => onDelete !== 'restrict'))
    return doomed.toReversed().map(({ plan, rows }) => ({ plan, ids: rows.keys() }));
  return inLayers(heldRows(doomed, references));
}

function heldRows(
  doomed: readonly Doomed[],
  references: ReadonlyArray<Reference & { readonly target: EntityPlan }>,
): Held[] {
  const held = new Map(
    doomed.map(({ plan, rows }) => [
      plan.meta.table,
      new Map([...rows.keys()].map((id): [string, Held] => [id, { plan, id, holders: 0, holds: [] }])),
    ]),
  );
  for (const { plan, column, onDelete, target } of references) {
    for (const [id, row] of doomed.find((each) => each.plan === plan)?.rows ?? []) {
      const holder = held.get(plan.meta.table)?.get(id);
      const named = held.get(target.meta.table)?.get(row[column.index] as string);
      const restricts = onDelete === 'restrict';
      if (!holder || !named || (holder === named && !restricts)) continue;
      holder.holds.push({ named, column, loosens: restricts && column.field.nullable });
      named.holders += 1;
    }
  }
  return doomed.toReversed().flatMap(({ plan }) => [...(held.get(plan.meta.table)?.values() ?? [])]);
}

function inLayers(rows: readonly Held[]): Departure[] {
  const departures: Departure[] = [];
  const gone = new Set<Held>();
  for (let layer = rows.filter(isFree); gone.size < rows.length; ) {
    departures.push(...byPlan(layer));
    for (const row of layer) gone.add(row);
    const next = layer.flatMap(({ holds }) => holds.map(({ named }) => named).filter((named) => --named.holders === 0));
    layer = next;
    if (next.length > 0 || gone.size === rows.length) continue;
    const staying = rows.filter((row) => !gone.has(row));
    const loosened = loosen(staying);
    departures.push(...loosened);
    layer = loosened.length === 0 ? staying : staying.filter(isFree);
  }
  return departures;
}

const isFree = ({ holders }: Held): boolean => holders === 0;

/** Lets rows that all hold each other go of what they can. */
function loosen(rows: readonly Held[]): Departure[] {
  const cleared = new Map<PlannedColumn, { plan: EntityPlan; ids: string[] }>();
  for (const row of rows) {
    for (const { named, column } of row.holds.filter(({ loosens }) => loosens)) {
      named.holders -= 1;
      const known = cleared.get(column) ?? { plan: row.plan, ids: [] };
      known.ids.push(row.id);
      cleared.set(column, known);
    }
    row.holds = row.holds.filter(({ loosens }) => !loosens);
  }
  return [...cleared].map(([column, { plan, ids }]) => ({ plan, ids, cleared: column }));
}

function byPlan(rows: readonly Held[]): Departure[] {
  const ids = new Map<EntityPlan, string[]>();
  for (const { plan, id } of rows) {
    const known = ids.get(plan);
    if (known) known.push(id);
    else ids.set(plan, [id]);
  }
  return [...ids].map(([plan, some]) => ({ plan, ids: some }));
}
