import { csvCell } from './csv-cell.js';

/** One record with its line end. */
export function csvRecord(cells: ReadonlyArray<string | null>): string {
  let line = '';
  for (let at = 0; at < cells.length; at++) {
    if (at > 0) line += ',';
    line += csvCell(cells[at] as string | null);
  }
  return `${line}\n`;
}
