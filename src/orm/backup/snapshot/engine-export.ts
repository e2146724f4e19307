import type { TakeLines } from '../../dialect/csv-export.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { Scope } from '../../session/scope.js';
import { type BytesRewrite, BytesRewriter } from '../csv/bytes-rewriter.js';
import { MAX_RECORD } from '../csv/max-record.js';
import { tooLong } from '../csv/record-limit.js';
import type { StoredTable } from '../manifest/description.js';
import { fieldOf, isForeignText } from '../manifest/table-shape.js';
import { canonicalJsonCell } from '../values/canonical-json.js';
import { canonicalNumber } from '../values/column-text.js';
import { orderSql, rowOrder } from './row-order.js';

/** Whether the engine can write the table as CSV by itself. It may quote the only value of a line in its own way. */
export function isExportedByEngine({ csvExport }: Dialect, { columns }: StoredTable): boolean {
  return csvExport !== undefined && columns.length > 1;
}

/**
 * What engines do not say in the same words: that two documents are the same, and the shortest digits of a number from
 * 2^53 on (-33526871518385752 for one is -33526871518385750 for another, and the same number).
 */
const REWRITES: Readonly<Record<string, BytesRewrite | undefined>> = {
  json: { cell: canonicalJsonCell, isJson: true },
  number: { cell: canonicalNumber },
};

/** The rows of a table as the engine writes them, in the order of the key. Only what it may write otherwise is read here. */
export async function exportByEngine(scope: Scope, table: StoredTable, take: TakeLines): Promise<void> {
  const { dialect } = scope.core;
  const { csvExport, quote } = dialect;
  if (!csvExport) return;
  const columns = table.columns.map((column) => {
    const name = quote(column.name);
    return isForeignText(column) ? dialect.textOf(name) : csvExport.text(fieldOf(table, column), name);
  });
  const order = orderSql(rowOrder(table, dialect), table, dialect);
  const select = `SELECT ${columns.join(', ')} FROM ${quote(table.name)} ORDER BY ${order}`;
  const rewrites = table.columns.map(({ type }) => REWRITES[type]);
  const rewriter = rewrites.some(Boolean) ? new BytesRewriter(rewrites) : undefined;
  let rows = 0;
  const finish: TakeLines = async (lines, count) => {
    rows += count;
    if (lines.length > MAX_RECORD) throw tooLong(table.name, rows); // only the last one can be long
    await take(rewriter ? rewriter.rewrite(lines) : lines, count);
  };
  try {
    await scope.copyOut(csvExport.statement(select), finish);
  } catch (error) {
    throw error instanceof RangeError ? tooLong(table.name, rows + 1, { cause: error }) : error;
  }
}
