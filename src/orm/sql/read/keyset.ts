import type { Portable } from '../../entity/codec.js';
import { AT } from '../../entity/system-fields.js';
import type { Direction } from '../../entity/typed-arguments.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { type Fragment, type NextPlaceholder, NOTHING } from './fragment.js';
import type { OrderTerm } from './order-by.js';

/** An order in which no two rows are equal: ties are broken by id, in the direction an index on the last column has. */
export function totalOrder(plan: EntityPlan, terms: readonly OrderTerm[]): readonly OrderTerm[] {
  const id = plan.columns[AT.id] as PlannedColumn;
  const known = terms.findIndex(({ column }) => column === id);
  if (known >= 0) return terms.slice(0, known + 1);
  return [...terms, { column: id, direction: terms.at(-1)?.direction ?? 'asc' }];
}

export function reversed(terms: readonly OrderTerm[]): readonly OrderTerm[] {
  return terms.map(({ column, direction }) => ({ column, direction: direction === 'asc' ? 'desc' : 'asc' }));
}

/** One column of the place that rows must come after. */
interface Place {
  readonly column: PlannedColumn;
  readonly direction: Direction;
  /** Raw, `null` where the column was NULL there. */
  readonly value: unknown;
}

/** The condition that a row comes after `values` in a total order. NULL is smaller than any value. */
export function rowsAfter(terms: readonly OrderTerm[], values: readonly Portable[]): Fragment {
  const places = terms.map((term, index) => ({ ...term, value: term.column.toRaw(values[index] ?? null) }));
  const bound = boundOf(places[0]);
  return {
    shape: `after${places.map(({ column, direction, value }) => `${column.index}${direction}${value === null}`).join()};`,
    values: [...bound.values, ...places.flatMap(valuesOf)],
    write: (next) => `${bound.write(next)}(${afterSql(places, next)})`,
  };
}

/** A plain range on the first column, which an index can follow where the whole condition is too much for it. */
function boundOf(first: Place | undefined): Fragment {
  if (!first || first.value === null) return NOTHING;
  const { column, direction, value } = first;
  if (direction === 'desc' && column.field.nullable) return NOTHING;
  return {
    shape: '',
    values: [value],
    write: (next) => `${column.quoted} ${direction === 'asc' ? '>=' : '<='} ${next()} AND `,
  };
}

/** The values that `afterSql` asks placeholders for. */
function valuesOf({ value }: Place, index: number, places: readonly Place[]): unknown[] {
  if (value === null) return [];
  return index === places.length - 1 ? [value] : [value, value];
}

/** Beyond the place in the first column, or level with it and beyond it in the others. */
function afterSql([place, ...others]: readonly Place[], next: NextPlaceholder): string {
  if (!place) return '1 = 0';
  const beyond = beyondSql(place, next);
  if (others.length === 0) return beyond;
  const level = `${place.column.quoted} ${place.value === null ? 'IS NULL' : `= ${next()}`}`;
  return `${beyond} OR (${level} AND (${afterSql(others, next)}))`;
}

function beyondSql({ column: { quoted, field }, direction, value }: Place, next: NextPlaceholder): string {
  if (direction === 'asc') return value === null ? `${quoted} IS NOT NULL` : `${quoted} > ${next()}`;
  if (value === null) return '1 = 0';
  return `${quoted} < ${next()}${field.nullable ? ` OR ${quoted} IS NULL` : ''}`;
}
