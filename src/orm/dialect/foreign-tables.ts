import type { FieldOptions } from '../entity/field-types.js';
import type { Connection } from './driver.js';
import type { ColumnShape } from './shape.js';

/** What a column holds that no entity declares. */
export interface ForeignColumn {
  /** A field that can hold all of its values. */
  readonly field: FieldOptions;
  /** The engine gives that field this very type. */
  readonly same: boolean;
}

/** A column of a table that someone else made. */
export interface ForeignPlace {
  readonly table: string;
  readonly column: ColumnShape;
}

/** What a backup needs to know of tables that someone else made. */
export interface ForeignTables {
  /** @throws SchemaError where no field can hold the values of the column. */
  columnOf(connection: Pick<Connection, 'all'>, place: ForeignPlace): Promise<ForeignColumn>;
  /**
   * What to sort a column of text by, so that its order is that of the bytes on every engine.
   * @param column quoted. @param foreign whether it has a type that no field has.
   */
  byBytes(column: string, foreign: boolean): string;
}
