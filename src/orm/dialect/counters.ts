import type { Connection } from './driver.js';
import type { ColumnShape, Counter, SchemaStep, TableShape } from './shape.js';

/** A column that numbers rows, as a backup describes it. */
export interface CountedColumn {
  readonly name: string;
  readonly counter?: Counter;
}

/** How an engine numbers new rows that come without a number. */
export interface Counters {
  /** Whether it can do so in this column of a table. */
  fits(table: TableShape, column: ColumnShape): boolean;
  /** The largest number that was given to a row, which may be gone since; nothing where nobody knows. */
  last(connection: Pick<Connection, 'all'>, table: string, column: CountedColumn): Promise<string | undefined>;
  /**
   * What makes the next number follow on `last` and on all that the table holds, once its rows are there.
   * @param last as digits.
   */
  resume(table: string, column: ColumnShape, last: string | undefined): SchemaStep[];
}
