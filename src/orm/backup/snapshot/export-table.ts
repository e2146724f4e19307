import type { Scope } from '../../session/scope.js';
import type { Session } from '../../session/session.js';
import { csvCell } from '../csv/csv-cell.js';
import { assertRecordFits } from '../csv/record-limit.js';
import { DurableFile } from '../files/durable-files.js';
import { placeFor, type Shelf } from '../files/shelf.js';
import type { StoredTable } from '../manifest/description.js';
import type { BackedUpTable } from '../manifest/manifest.js';
import { exportByEngine, isExportedByEngine } from './engine-export.js';
import { TableReader } from './table-reader.js';

/** Text that is collected before it goes to the file, in characters. */
const CHUNK_LENGTH = 256 * 1024;

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
    const count = (read: number): void => {
      rows += read;
      onRows(rows);
    };
    if (isExportedByEngine(session.core.dialect, table)) {
      await file.write(Buffer.from(textOf([headerOf(table)])));
      await exportByEngine(session, table, async (lines, read) => {
        await file.write(Buffer.from(lines, 'latin1'));
        count(read);
      });
    } else for await (const text of tableText(session, table, count)) await file.write(Buffer.from(text));
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

/** The CSV of one table, in pieces. */
export async function* tableText(
  session: Session,
  table: StoredTable,
  onRows: (rows: number) => void,
): AsyncGenerator<string> {
  const reader = new TableReader(session, table);
  let lines = [headerOf(table)];
  let length = 0;
  let rows = 0;
  for await (const page of reader.pages()) {
    for (const row of page) {
      const line = reader.record(row);
      assertRecordFits(table.name, ++rows, line);
      lines.push(line);
      length += line.length;
      if (length < CHUNK_LENGTH) continue;
      yield textOf(lines);
      lines = [];
      length = 0;
    }
    onRows(page.length);
  }
  if (lines.length > 0) yield textOf(lines);
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

/** Without its line end. */
function headerOf({ columns }: StoredTable): string {
  return columns.map(({ name }) => csvCell(name)).join(',');
}
