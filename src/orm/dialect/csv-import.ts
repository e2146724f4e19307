import type { FieldMeta } from '../entity/metadata.js';

/** How an engine reads a whole table of CSV by itself, quoted as a backup is, faster than it takes statements. */
export interface CsvImport {
  /** Makes a value as the engine reads it out of what a backup has of it; left out where that is the same. */
  rewrite(field: FieldMeta): ((text: string) => string) | undefined;
  /**
   * The statement for `copyIn`; its first line names the columns.
   * @param columns quoted, as the table is.
   */
  statement(table: string, columns: readonly string[]): string;
  /** Which line of the copied ones an error of the engine is about, from 1; `undefined` for one that is about none. */
  faultOf(error: unknown): { readonly line: number; readonly column: string | undefined } | undefined;
}
