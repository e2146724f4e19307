import { isKernelError, ValidationError } from '../../../base/errors.js';
import type { CsvImport } from '../../dialect/csv-import.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { Scope } from '../../session/scope.js';
import { CsvFault, cellValue, csvCell } from '../csv/csv-cell.js';
import { type CsvRecord, readCsv, readRecord } from '../csv/csv-reader.js';
import { CsvRewriter, RecordFault, type RewriteCell } from '../csv/csv-rewriter.js';
import { csvRecord } from '../csv/csv-writer.js';
import { wholeRecords } from '../csv/whole-records.js';
import type { Shelf } from '../files/shelf.js';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';
import type { StoredColumn, StoredTable } from '../manifest/description.js';
import type { BackedUpTable, Manifest } from '../manifest/manifest.js';
import { fieldOf, isComputed } from '../manifest/table-shape.js';
import { codecOf } from '../values/column-text.js';
import { assertHeader, openFile } from './read-rows.js';

/**
 * Whether the engine can read the table's file by itself. The only value of a line may mean something else to it, and what it
 * computes it takes from nobody.
 */
export function isImportedByEngine(dialect: Dialect, { columns }: StoredTable): boolean {
  return (
    dialect.csvImport !== undefined && columns.length > 1 && !columns.some((column) => isComputed(column, dialect))
  );
}

/** One file of a backup. */
export interface ImportedFile {
  readonly shelf: Shelf;
  readonly manifest: Manifest;
  readonly table: StoredTable;
  readonly file: BackedUpTable;
}

/**
 * Lets the engine read the file of a table. Every value is checked on its way as `readRows` checks it.
 * @throws BackupCorruptError that names the row and the column, also for what the engine refuses.
 */
export async function importByEngine(scope: Scope, csvImport: CsvImport, from: ImportedFile): Promise<void> {
  const { table, file } = from;
  const { quote } = scope.core.dialect;
  const sql = csvImport.statement(
    quote(table.name),
    table.columns.map(({ name }) => quote(name)),
  );
  try {
    const rows = await scope.copyIn(sql, checkedLines(scope.core.dialect, csvImport, from));
    if (rows !== file.rows) throw new BackupCorruptError(`${file.file} has ${rows} rows instead of ${file.rows}`);
  } catch (error) {
    const refused = csvImport.faultOf(error);
    if (!refused || !isKernelError(error)) throw error;
    const column = refused.column === undefined ? '' : `${refused.column}: `;
    const row = await rowOfLine(from, refused.line);
    throw new BackupCorruptError(`Row ${row} of ${file.file}: ${column}${error.message}`, { cause: error });
  }
}

/** The lines of the file as the engine reads them; their bytes are those of the file wherever that means the same. */
async function* checkedLines(
  dialect: Dialect,
  csvImport: CsvImport,
  { shelf, manifest, table, file }: ImportedFile,
): AsyncGenerator<Buffer> {
  const rewriter = new CsvRewriter(table.columns.map((column) => rewriteOf(table, column, dialect, csvImport)));
  let isHeader = true;
  for await (const bytes of wholeRecords(await openFile(shelf, manifest, file))) {
    const text = bytes.toString('latin1'); // a character for each byte: what is not rewritten stays what it is
    const rows = isHeader ? behindHeader(text, table, file) : text;
    if (isHeader) yield Buffer.from(csvRecord(table.columns.map(({ name }) => name)));
    isHeader = false;
    const written = withCause(file, table, () => rewriter.rewrite(rows.includes('\r') ? recoded(rows) : rows));
    if (written.length > 0) yield written === text ? bytes : Buffer.from(written, 'latin1');
  }
  if (isHeader) throw new BackupCorruptError(`${file.file} is empty`);
}

/** An engine may want all lines to end alike. */
function recoded(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const record: CsvRecord = [];
    at = readRecord(text, at, record);
    out += csvRecord(record);
  }
  return out;
}

function behindHeader(text: string, table: StoredTable, file: BackedUpTable): string {
  const header: CsvRecord = [];
  const end = withCause(file, table, () => readRecord(text, 0, header));
  const names = header.map((name) => (name === null ? null : Buffer.from(name, 'latin1').toString()));
  assertHeader(names, table, file);
  return text.slice(end);
}

function rewriteOf(
  table: StoredTable,
  column: StoredColumn,
  dialect: Dialect,
  csvImport: CsvImport,
): RewriteCell | undefined {
  const { check } = codecOf(column.type);
  const isNative = column.native?.engine === dialect.name;
  const rewrite = isNative ? undefined : csvImport.rewrite(fieldOf(table, column));
  if (!check && !rewrite) return undefined;
  return (cell) => {
    const value = cellValue(cell, 0, cell.length) as string;
    check?.(value);
    const written = rewrite ? rewrite(value) : value;
    return written === value ? cell : csvCell(written);
  };
}

function withCause<T>(file: BackedUpTable, table: StoredTable, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof CsvFault)
      throw new ValidationError([], `A record of ${file.file} ${cause.message}`, { cause });
    if (!(cause instanceof RecordFault)) throw cause;
    const { record, column, message } = cause;
    const place = `Row ${record} of ${file.file}`;
    if (column === undefined) throw new BackupCorruptError(`${place} ${message}`, { cause });
    throw new BackupCorruptError(`${place}: ${table.columns[column]?.name} ${message}`, { cause });
  }
}

/** The number of the row that a line belongs to: values may have lines of their own. */
async function rowOfLine({ shelf, manifest, file }: ImportedFile, wanted: number): Promise<number> {
  let line = 0;
  let row = -1; // the header is no row
  for await (const records of readCsv(await openFile(shelf, manifest, file)))
    for (const record of records) {
      row += 1;
      for (const cell of record) line += cell === null ? 0 : cell.split('\n').length - 1;
      line += 1;
      if (line >= wanted) return row;
    }
  return row;
}
