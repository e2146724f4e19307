import type { FieldMeta } from '../entity/metadata.js';
import type { Connection } from './driver.js';

/** Ends each cell of a page, the last one of a row as well. */
export const CELL_END = 0x1f;
/** The only character of a cell that holds the empty text; a cell of nothing is NULL. */
export const EMPTY_TEXT = 0x1e;

/**
 * How an engine writes the cells of many rows as one value, which takes a fraction of the time in which a driver makes values
 * of them. What it cannot write with certainty as a backup would, it marks with a byte that no UTF-8 has.
 */
export interface CellExport {
  /** Whether it can in this database at all. */
  serves(connection: Pick<Connection, 'all'>): Promise<boolean>;
  /**
   * The value of a column as the text that a backup has of it; of json, any text of the document.
   * @param column quoted. @param isBounded whether its values are known to be short.
   */
  text(field: FieldMeta, column: string, isBounded: boolean): string;
  /**
   * The statement for a page, which answers its bytes and how many rows it has. Its last parameter is how many bytes a row
   * may have.
   * @param cells what `text` gave. @param rows the rest of the statement, from FROM on; it sorts them.
   */
  statement(cells: readonly string[], rows: string): string;
}
