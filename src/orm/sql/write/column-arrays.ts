import type { ColumnArrays } from '../../dialect/dialect.js';
import type { Portable } from '../../entity/codec.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';

/** Rows that travel as one array per column. */
export interface ArraysSql {
  /** One expression per wanted column. */
  readonly list: string;
  /** What stands behind FROM; its columns are called as `arrayColumn` says. */
  readonly from: string;
  /** Position of the parameter after the last one. */
  readonly next: number;
}

/** No table has this name, for no identifier has a $. */
const ROWS = 'rows$';

/**
 * @param varying the columns that come as arrays; every other one of `columns` is a single parameter behind them.
 */
export function arraysSql(
  plan: EntityPlan,
  columns: readonly PlannedColumn[],
  varying: readonly PlannedColumn[],
  first: number,
): ArraysSql {
  const { placeholder } = plan.dialect;
  const inArrays = new Set(varying);
  const arrays = varying.map((column, at) => `${placeholder(first + at)}::${elementType(plan, column)}[]`);
  const names = varying.map((column) => nameOf(plan, column));
  let next = first + varying.length;
  const list = columns.map((column) =>
    inArrays.has(column) ? arrayColumn(plan, column) : `${placeholder(next++)}::${elementType(plan, column)}`,
  );
  return { list: list.join(', '), from: `unnest(${arrays.join(', ')}) AS ${ROWS}(${names.join(', ')})`, next };
}

/** The values of a column, one for each row. */
export function arrayColumn(plan: EntityPlan, column: PlannedColumn): string {
  return `${ROWS}.${nameOf(plan, column)}`;
}

/** No column of a table has this name, for no identifier has a $. */
function nameOf({ dialect }: EntityPlan, { index }: PlannedColumn): string {
  return dialect.quote(`value$${index}`);
}

/** One array per column, as text. */
export function bindArrays(
  plan: EntityPlan,
  columns: readonly PlannedColumn[],
  rows: ReadonlyArray<readonly Portable[]>,
): string[] {
  const { encode } = arraysOf(plan);
  return columns.map(({ toRaw, index }) => encode(rows.map((row) => toRaw(row[index] as Portable))));
}

/** The values of the columns that are the same in every row. */
export function bindShared(
  columns: readonly PlannedColumn[],
  shared: ReadonlySet<number>,
  rows: ReadonlyArray<readonly Portable[]>,
): unknown[] {
  const [first] = rows;
  return columns
    .filter(({ index }) => shared.has(index))
    .map(({ toRaw, index }) => toRaw((first?.[index] ?? null) as Portable));
}

function elementType(plan: EntityPlan, column: PlannedColumn): string {
  return arraysOf(plan).elementType(plan.dialect.column(column.field).type);
}

function arraysOf(plan: EntityPlan): ColumnArrays {
  return plan.dialect.arrays as ColumnArrays;
}
