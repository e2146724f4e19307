import type { RawRow } from '../../dialect/driver.js';
import type { Scope } from '../../session/scope.js';
import { csvCell } from '../csv/csv-cell.js';
import { assertRecordFits } from '../csv/record-limit.js';
import type { StoredTable } from '../manifest/description.js';
import { TableReader } from './table-reader.js';

/** Text that is collected before it is passed on, in characters. */
const CHUNK_LENGTH = 256 * 1024;

/** Whole lines of CSV. */
export interface Lines {
  readonly text: string;
  readonly rows: number;
}

/** The CSV of one table, in pieces: a header, then every row in the order of the key. */
export async function* tableText(scope: Scope, table: StoredTable): AsyncGenerator<Lines> {
  const reader = new TableReader(scope, table);
  yield { text: headerOf(table), rows: 0 };
  yield* linesOf(reader, table, reader.pages());
}

/** With its line end. */
export function headerOf({ columns }: StoredTable): string {
  return `${columns.map(({ name }) => csvCell(name)).join(',')}\n`;
}

/** @param before how many rows of the table come before these. @throws SchemaError for a row that is too long. */
export async function* linesOf(
  reader: TableReader,
  table: StoredTable,
  pages: AsyncIterable<RawRow[]>,
  before = 0,
): AsyncGenerator<Lines> {
  let number = before;
  for await (const page of pages) {
    let lines: string[] = [];
    let length = 0;
    for (const row of page) {
      const line = reader.record(row);
      number += 1;
      assertRecordFits(table.name, number, line);
      lines.push(line);
      length += line.length;
      if (length < CHUNK_LENGTH) continue;
      yield textOf(lines);
      lines = [];
      length = 0;
    }
    if (lines.length > 0) yield textOf(lines);
  }
}

function textOf(lines: readonly string[]): Lines {
  return { text: `${lines.join('\n')}\n`, rows: lines.length };
}
