const QUOTE = 34;
const COMMA = 44;
const CR = 13;
const LF = 10;

/** A file that is no CSV. Its message goes on from the name of the record. */
export class CsvFault extends Error {}

/**
 * One cell of a record. Nothing at all is NULL, `""` is the empty text, and everything else is quoted only where it must
 * be. A backup is read by machines, so a cell that a spreadsheet would take for a formula stays what it is.
 */
export function csvCell(text: string | null): string {
  if (text === null) return '';
  if (text === '') return '""';
  return needsQuotes(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Half as long as a regular expression would take for values as they are. */
function needsQuotes(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= COMMA && (code === COMMA || code === QUOTE || code === LF || code === CR)) return true;
  }
  return false;
}

/** The value of a cell that stands between `start` and `end`. */
export function cellValue(text: string, start: number, end: number): string | null {
  if (start === end) return null;
  if (text.charCodeAt(start) !== QUOTE) return text.slice(start, end);
  const value = text.slice(start + 1, end - 1);
  return value.includes('"') ? value.replaceAll('""', '"') : value;
}

/**
 * Where the cell that begins at `start` ends: at a comma, or at the end of its line, which may be CRLF.
 * @param text whole records.
 * @throws CsvFault
 */
export function endOfCell(text: string, start: number): number {
  return text.charCodeAt(start) === QUOTE ? endOfQuoted(text, start + 1) : endOfPlain(text, start);
}

function endOfPlain(text: string, start: number): number {
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA) return at;
    if (code === LF) return at > start && text.charCodeAt(at - 1) === CR ? at - 1 : at;
    if (code === QUOTE) throw new CsvFault('has a quote inside an unquoted value');
  }
}

function endOfQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end >= 0 && text.charCodeAt(end + 1) === QUOTE) end = text.indexOf('"', end + 2);
  if (end < 0) throw new CsvFault('ends inside a quoted value');
  const next = text.charCodeAt(end + 1);
  if (next !== COMMA && next !== LF && next !== CR) throw new CsvFault('has text behind a closing quote');
  return end + 1;
}
