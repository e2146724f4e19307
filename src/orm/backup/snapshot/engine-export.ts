import { isAscii } from 'node:buffer';
import type { TakeLines } from '../../dialect/csv-export.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { Scope } from '../../session/scope.js';
import { csvCell } from '../csv/csv-cell.js';
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

type Rewrite = (text: string) => string;

/**
 * What engines do not say in the same words: that two documents are the same, and the shortest digits of a number from
 * 2^53 on (-33526871518385752 for one is -33526871518385750 for another, and the same number).
 */
const REWRITES: Readonly<Record<string, Rewrite | undefined>> = {
  json: canonicalJsonText,
  number: (text) => String(Number(text)),
};

/** The rows of a table as the engine writes them, in the order of the key. Only what it may write otherwise passes through our hands. */
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
  const rewrites = table.columns.map(({ type, native }) => (native ? undefined : REWRITES[type]));
  const finish: TakeLines = rewrites.some(Boolean) ? (lines, count) => take(rewritten(lines, rewrites), count) : take;
  await scope.copyOut(csvExport.statement(select), finish);
}

/** Whole lines with the values of some columns written anew; everything else is passed on as it is. */
function rewritten(lines: Buffer, rewrites: ReadonlyArray<Rewrite | undefined>): Buffer {
  const text = lines.toString(isAscii(lines) ? 'latin1' : 'utf8');
  let out = '';
  let copied = 0;
  for (let at = 0, column = 0; at < text.length; at++) {
    const start = at;
    at = endOfValue(text, at);
    const rewrite = rewrites[column];
    if (rewrite && at > start) {
      out += `${text.slice(copied, start)}${csvCell(rewrite(unquoted(text, start, at)))}`;
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
