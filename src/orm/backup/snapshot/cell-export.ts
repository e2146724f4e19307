import { setImmediate } from 'node:timers/promises';
import type { Dialect } from '../../dialect/dialect.js';
import type { Scope } from '../../session/scope.js';
import type { Session } from '../../session/session.js';
import { MAX_RECORD } from '../csv/max-record.js';
import type { StoredTable } from '../manifest/description.js';
import { CellPages } from './cell-pages.js';
import type { Place } from './row-order.js';
import { TableReader } from './table-reader.js';
import { type Lines, linesOf } from './table-text.js';

/** More rows make a page no faster, and hold up others for longer; this many take some milliseconds. */
const PAGE_ROWS = 1_000;
/** What the rows of a page may have, bytes; each of them its part. No row of it may come near to what a record may have. */
const PAGE_BYTES = Math.min(8 * 1024 * 1024, MAX_RECORD / 16);
/** So many times smaller a page is tried with. */
const SMALLER = 8;
/** Where more rows have to be read one by one, so is the rest of the table. */
const MOST_ODD = 100;

/** Takes what a table is made of. */
export interface TableSink {
  /** Rows as a `CellExport` writes them. */
  cells(page: Buffer, rows: number): Promise<void>;
  /** Whole lines of CSV. */
  lines(lines: Lines): Promise<void>;
}

/** Whether the engine can write the cells of the table. Without a key, pages would be counted, and each from the first row on. */
export async function isExportedByCells(session: Session, { primaryKey }: StoredTable): Promise<boolean> {
  const { cellExport }: Dialect = session.core.dialect;
  return cellExport !== undefined && primaryKey.length > 0 && (await cellExport.serves(session));
}

/**
 * The rows of a table in the order of its key: whole pages as the engine writes them, and row by row what it is not sure of.
 * @throws SchemaError where they are not all rows that the table has, or one is too long.
 */
export async function exportByCells(scope: Scope, table: StoredTable, sink: TableSink): Promise<void> {
  const { cellExport } = scope.core.dialect;
  if (!cellExport) return;
  const pages = new CellPages(scope, table, cellExport);
  const reader = new TableReader(scope, table);
  const count = await pages.count();
  let place: Place | undefined;
  let [read, size, odd] = [0, PAGE_ROWS, 0];
  while (odd <= MOST_ODD) {
    const end = await pages.end(place, size);
    const page = await pages.read(place, size, PAGE_BYTES / size);
    if (page) {
      if (page.rows > 0) await sink.cells(page.cells, page.rows);
      read += page.rows;
      size = Math.min(size * 2, PAGE_ROWS);
    } else if (size > 1) {
      size = Math.ceil(size / SMALLER);
      continue;
    } else {
      for await (const line of linesOf(reader, table, reader.rowBehind(place), read)) await sink.lines(line);
      read += 1;
      odd += 1;
    }
    if (!end) return reader.assertAll(read, count);
    place = end;
    await setImmediate(); // others get a turn
  }
  for await (const lines of linesOf(reader, table, reader.pagesBehind(place), read)) {
    await sink.lines(lines);
    read += lines.rows;
  }
  reader.assertAll(read, count);
}
