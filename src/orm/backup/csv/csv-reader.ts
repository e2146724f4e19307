import { isAscii } from 'node:buffer';
import { ValidationError } from '../../../base/errors.js';
import { RecordEnds } from './record-ends.js';

export type CsvRecord = Array<string | null>;

export interface CsvLimits {
  /** Longest record, bytes: what a hostile file can make us hold at once. */
  readonly maxRecord: number;
  /** Most cells of a record. */
  readonly maxCells: number;
}

const CSV_LIMITS: CsvLimits = { maxRecord: 256 * 1024 * 1024, maxCells: 5_000 };

/**
 * Reads records as `csvRecord` writes them; lines may also end in CRLF. It answers all records of a chunk at once, because
 * a promise for each would cost more than reading it.
 * @throws ValidationError that says in which record the file is broken.
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array>,
  limits: CsvLimits = CSV_LIMITS,
): AsyncGenerator<CsvRecord[]> {
  const ends = new RecordEnds();
  const parser = new CsvParser(limits.maxCells);
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const bytes of source) {
    const chunk = bytes as Buffer;
    const end = ends.lastIn(chunk);
    length += chunk.length;
    if (length - Math.max(end, 0) > limits.maxRecord) throw parser.fault('is longer than any record may be');
    if (end === 0) {
      waiting.push(chunk);
      continue;
    }
    yield parser.parse(Buffer.concat([...waiting, chunk.subarray(0, end)]));
    waiting = [chunk.subarray(end)];
    length = chunk.length - end;
  }
  if (ends.isQuoted) throw parser.fault('ends inside a quoted value');
  if (length > 0) yield parser.parse(Buffer.concat([...waiting, LINE_END]));
}

const LINE_END = Buffer.from('\n');
const QUOTE = 34;
const COMMA = 44;
const CR = 13;
const LF = 10;

/** Cuts whole records into cells. */
class CsvParser {
  readonly #maxCells: number;
  #count = 0;

  constructor(maxCells: number) {
    this.#maxCells = maxCells;
  }

  parse(bytes: Buffer): CsvRecord[] {
    const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'); // several times faster, and the same
    const records: CsvRecord[] = [];
    for (let at = 0; at < text.length; ) {
      this.#count += 1;
      const record: CsvRecord = [];
      at = this.#parseRecord(text, at, record);
      records.push(record);
    }
    return records;
  }

  fault(what: string): ValidationError {
    return new ValidationError([], `Record ${this.#count || 1} of the CSV file ${what}`);
  }

  /** @returns where the next record begins. */
  #parseRecord(text: string, start: number, cells: CsvRecord): number {
    for (let at = start; ; at++) {
      if (cells.length >= this.#maxCells) throw this.fault('has more values than any record may have');
      at = text.charCodeAt(at) === QUOTE ? this.#quoted(text, at + 1, cells) : this.#plain(text, at, cells);
      if (text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF) at += 1;
      if (text.charCodeAt(at) === LF) return at + 1;
    }
  }

  /** @returns where the value ends: at a comma or the end of the line. */
  #plain(text: string, start: number, cells: CsvRecord): number {
    let at = start;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (code === COMMA || code === LF) break;
      if (code === QUOTE) throw this.fault('has a quote inside an unquoted value');
    }
    if (text.charCodeAt(at) === LF && at > start && text.charCodeAt(at - 1) === CR) at -= 1;
    cells.push(at === start ? null : text.slice(start, at));
    return at;
  }

  #quoted(text: string, start: number, cells: CsvRecord): number {
    let isDoubled = false;
    let end = text.indexOf('"', start);
    for (; end >= 0 && text.charCodeAt(end + 1) === QUOTE; end = text.indexOf('"', end + 2)) isDoubled = true;
    if (end < 0) throw this.fault('ends inside a quoted value');
    const next = text.charCodeAt(end + 1);
    if (next !== COMMA && next !== LF && next !== CR) throw this.fault('has text behind a closing quote');
    const value = text.slice(start, end);
    cells.push(isDoubled ? value.replaceAll('""', '"') : value);
    return end + 1;
  }
}
