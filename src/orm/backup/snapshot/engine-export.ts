import { isAscii } from 'node:buffer';
import type { TakeLines } from '../../dialect/csv-export.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { Scope } from '../../session/scope.js';
import { csvCell } from '../csv/csv-writer.js';
import type { StoredTable } from '../manifest/description.js';
import { fieldOf } from '../manifest/table-shape.js';
import { canonicalJsonText } from '../values/canonical-json.js';

const QUOTE = 34;
const COMMA = 44;
const LF = 10;

/** Whether the engine can write the table as CSV by itself. It may quote the only value of a line in its own way. */
export function isExportedByEngine({ csvExport }: Dialect, { columns }: StoredTable): boolean {
  return csvExport !== undefined && columns.length > 1;
}

/**
 * The rows of a table as the engine writes them, in the order of the key. Only json passes through our hands: that two
 * documents are the same no engine says in the same words.
 */
export async function exportByEngine(scope: Scope, table: StoredTable, take: TakeLines): Promise<void> {
  const { dialect } = scope.core;
  const { csvExport, quote } = dialect;
  if (!csvExport) return;
  const columns = table.columns.map((column) => {
    const name = quote(column.name);
    return column.native ? dialect.textOf(name) : csvExport.text(fieldOf(table, column), name);
  });
  const order = (table.primaryKey.length > 0 ? table.primaryKey : table.columns.map(({ name }) => name)).map(quote);
  const select = `SELECT ${columns.join(', ')} FROM ${quote(table.name)} ORDER BY ${order.join(', ')}`;
  const isJson = table.columns.map(({ type, native }) => type === 'json' && !native);
  const finish: TakeLines = isJson.includes(true)
    ? (lines, count) => take(withCanonicalJson(lines, isJson), count)
    : take;
  await scope.copyOut(csvExport.statement(select), finish);
}

/** Whole lines with the values of some columns written anew; everything else is passed on as it is. */
function withCanonicalJson(lines: Buffer, isJson: readonly boolean[]): Buffer {
  const text = lines.toString(isAscii(lines) ? 'latin1' : 'utf8');
  let out = '';
  let copied = 0;
  for (let at = 0, column = 0; at < text.length; at++) {
    const start = at;
    at = endOfValue(text, at);
    if (isJson[column] && at > start) {
      out += `${text.slice(copied, start)}${csvCell(canonicalJsonText(unquoted(text, start, at)))}`;
      copied = at;
    }
    column = text.charCodeAt(at) === LF ? 0 : column + 1;
  }
  return Buffer.from(out + text.slice(copied));
}

function endOfValue(text: string, start: number): number {
  let at = start;
  if (text.charCodeAt(at) === QUOTE) {
    at = text.indexOf('"', at + 1);
    while (text.charCodeAt(at + 1) === QUOTE) at = text.indexOf('"', at + 2);
    return at + 1;
  }
  for (let code = text.charCodeAt(at); code !== COMMA && code !== LF; code = text.charCodeAt(at)) at += 1;
  return at;
}

function unquoted(text: string, start: number, end: number): string {
  if (text.charCodeAt(start) !== QUOTE) return text.slice(start, end);
  return text.slice(start + 1, end - 1).replaceAll('""', '"');
}
