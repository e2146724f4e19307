import { isAscii } from 'node:buffer';
import { ValidationError } from '../../../base/errors.js';
import { CsvFault, cellValue, endOfCell } from './csv-cell.js';
import { wholeRecords } from './whole-records.js';

export type CsvRecord = Array<string | null>;

export interface CsvLimits {
  /** Longest record, bytes. */
  readonly maxRecord?: number;
  /** Most cells of a record. */
  readonly maxCells?: number;
}

const MAX_CELLS = 5_000;
const CR = 13;
const LF = 10;

/**
 * Reads records as `csvRecord` writes them; lines may also end in CRLF. It answers all records of a chunk at once, because
 * a promise for each would cost more than reading it.
 * @throws ValidationError that says in which record the file is broken.
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array>,
  { maxRecord, maxCells = MAX_CELLS }: CsvLimits = {},
): AsyncGenerator<CsvRecord[]> {
  let count = 0;
  for await (const bytes of wholeRecords(source, maxRecord)) {
    const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'); // several times faster, and the same
    const records: CsvRecord[] = [];
    for (let at = 0; at < text.length; ) {
      const record: CsvRecord = [];
      try {
        at = readRecord(text, at, record, maxCells);
      } catch (error) {
        if (!(error instanceof CsvFault)) throw error;
        const place = `Record ${count + records.length + 1} of the CSV file`;
        throw new ValidationError([], `${place} ${error.message}`, { cause: error });
      }
      records.push(record);
    }
    count += records.length;
    yield records;
  }
}

/** @returns where the next record begins. */
export function readRecord(text: string, start: number, cells: CsvRecord, maxCells = MAX_CELLS): number {
  for (let at = start; ; at++) {
    if (cells.length >= maxCells) throw new CsvFault('has more values than any record may have');
    const end = endOfCell(text, at);
    cells.push(cellValue(text, at, end));
    at = end;
    if (text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF) at += 1;
    if (text.charCodeAt(at) === LF) return at + 1;
  }
}
