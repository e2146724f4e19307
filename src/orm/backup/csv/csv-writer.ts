const SPECIAL = /["\n\r,]/;

/**
 * One cell of a record. Nothing at all is NULL, `""` is the empty text, and everything else is quoted only where it must
 * be. A backup is read by machines, so a cell that a spreadsheet would take for a formula stays what it is.
 */
export function csvCell(text: string | null): string {
  if (text === null) return '';
  if (text === '') return '""';
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One record with its line end. */
export function csvRecord(cells: ReadonlyArray<string | null>): string {
  let line = '';
  for (let at = 0; at < cells.length; at++) {
    if (at > 0) line += ',';
    line += csvCell(cells[at] as string | null);
  }
  return `${line}\n`;
}
