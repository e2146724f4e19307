import type { FieldMeta } from '../entity/metadata.js';

/** How an engine writes a whole table as CSV by itself, quoted as a backup is, which no program of ours can do as fast. */
export interface CsvExport {
  /**
   * The value of a column as the text that a backup has of it; of json, any text of the document.
   * @param column quoted.
   */
  text(field: FieldMeta, column: string): string;
  /** The statement for `copyOut`. */
  statement(select: string): string;
}

/** Takes whole lines. The next ones come once it has resolved, or not long before. */
export type TakeLines = (lines: Buffer, count: number) => Promise<void>;
