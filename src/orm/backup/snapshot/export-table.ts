import type { Scope } from '../../session/scope.js';
import type { Session } from '../../session/session.js';
import { CellsToCsv } from '../csv/cells-to-csv.js';
import { DurableFile } from '../files/durable-files.js';
import { placeFor, type Shelf } from '../files/shelf.js';
import type { StoredTable } from '../manifest/description.js';
import type { BackedUpTable } from '../manifest/manifest.js';
import { exportByCells, isExportedByCells } from './cell-export.js';
import { exportByEngine, isExportedByEngine } from './engine-export.js';
import { headerOf, type Lines, tableText } from './table-text.js';

/** Where a table goes. */
export interface ExportedTo {
  readonly shelf: Shelf;
  readonly folder: string;
  /** Of the file. */
  readonly name: string;
}

/** Writes one table as CSV: a header, then every row in the order of the key. */
export async function exportTable(
  session: Scope,
  table: StoredTable,
  { shelf, folder, name }: ExportedTo,
  onRows: (rows: number) => void = () => {},
): Promise<BackedUpTable> {
  const file = await DurableFile.create(placeFor(shelf, folder, name));
  try {
    let rows = 0;
    const write = async (bytes: Buffer, read: number): Promise<void> => {
      await file.write(bytes);
      rows += read;
      onRows(rows);
    };
    const writeLines = ({ text, rows: read }: Lines): Promise<void> => write(Buffer.from(text), read);
    if (isExportedByEngine(session.core.dialect, table)) {
      await file.write(Buffer.from(headerOf(table)));
      await exportByEngine(session, table, write);
    } else if (await isExportedByCells(session, table)) {
      await file.write(Buffer.from(headerOf(table)));
      const csv = new CellsToCsv(table.columns.map(({ type }) => type));
      await exportByCells(session, table, { cells: (page, read) => write(csv.csv(page), read), lines: writeLines });
    } else for await (const lines of tableText(session, table)) await writeLines(lines);
    const counters = await countersOf(session, table);
    return { table: table.name, file: name, rows, ...(await file.finish()), ...(counters && { counters }) };
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** How far the columns have counted; of rows that are gone, no file tells. */
async function countersOf(session: Session, table: StoredTable): Promise<BackedUpTable['counters']> {
  const { counters } = session.core.dialect;
  const found: Record<string, string> = {};
  for (const column of table.columns) {
    const last = column.counter && (await counters.last(session, table.name, column));
    if (last !== undefined) found[column.name] = last;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
