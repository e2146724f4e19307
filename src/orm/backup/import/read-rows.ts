import { join } from 'node:path';
import type { Portable } from '../../entity/codec.js';
import { type CsvRecord, readCsv } from '../csv/csv-reader.js';
import { findFile, readFileOf, type Shelf } from '../files/shelf.js';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';
import type { StoredTable } from '../manifest/description.js';
import type { BackedUpTable, Manifest } from '../manifest/manifest.js';
import { codecOf } from '../values/column-text.js';

/** Values of one row in the order of the table's columns. */
export type PortableRow = Portable[];

const BATCH_ROWS = 1_000;
/** Text of the rows that are held at once, in characters. */
const BATCH_LENGTH = 4 * 1024 * 1024;

/**
 * The rows of one file of a backup, in batches of bounded size.
 * @throws BackupCorruptError that names the record and the column.
 */
export async function* readRows(
  shelf: Shelf,
  manifest: Manifest,
  table: StoredTable,
  file: BackedUpTable,
): AsyncGenerator<PortableRow[]> {
  const source = await openFile(shelf, manifest, file);
  const read = rowReader(table, file);
  const batch = new Batch();
  let count = -1; // the header is no row
  for await (const records of readCsv(source)) {
    for (const record of records) {
      count += 1;
      if (count === 0) {
        assertHeader(record, table, file);
        continue;
      }
      const row = read(record, count);
      const length = lengthOf(record);
      if (!batch.hasRoom(length)) yield batch.take();
      batch.add(row, length);
    }
  }
  yield batch.take();
  if (count !== file.rows) throw new BackupCorruptError(`${file.file} has ${count} rows instead of ${file.rows}`);
}

/** @throws BackupCorruptError where it is not there. */
export async function openFile(
  shelf: Shelf,
  { name }: Manifest,
  { file }: BackedUpTable,
): Promise<AsyncIterable<Buffer>> {
  const found = await findFile(join(shelf.folder, name), file);
  if (!found) throw new BackupCorruptError(`${file} is missing`);
  return readFileOf(shelf, found, file);
}

/** Rows until they are many, or long: a server takes no statement that is longer than it has been told to. */
class Batch {
  #rows: PortableRow[] = [];
  #length = 0;

  /** A row that is longer than any batch has one of its own. */
  hasRoom(length: number): boolean {
    return this.#rows.length === 0 || (this.#rows.length < BATCH_ROWS && this.#length + length <= BATCH_LENGTH);
  }

  add(row: PortableRow, length: number): void {
    this.#rows.push(row);
    this.#length += length;
  }

  take(): PortableRow[] {
    const rows = this.#rows;
    this.#rows = [];
    this.#length = 0;
    return rows;
  }
}

function lengthOf(record: CsvRecord): number {
  let length = 0;
  for (const cell of record) length += cell?.length ?? 0;
  return length;
}

function rowReader(table: StoredTable, { file }: BackedUpTable): (record: CsvRecord, count: number) => PortableRow {
  const codecs = table.columns.map(({ type }) => codecOf(type));
  return (record, count) => {
    if (record.length !== codecs.length)
      throw new BackupCorruptError(`Row ${count} of ${file} has ${record.length} values`);
    return record.map((cell, at) => {
      if (cell === null) return null;
      try {
        return (codecs[at] as (typeof codecs)[number]).read(cell);
      } catch (cause) {
        const column = table.columns[at]?.name;
        throw new BackupCorruptError(`Row ${count} of ${file}: ${column} ${(cause as Error).message}`, { cause });
      }
    });
  };
}

export function assertHeader(record: CsvRecord, table: StoredTable, { file }: BackedUpTable): void {
  const wanted = table.columns.map(({ name }) => name);
  if (record.length === wanted.length && wanted.every((name, at) => name === record[at])) return;
  throw new BackupCorruptError(`${file} has other columns than the manifest says`);
}
