import { StringDecoder } from 'node:string_decoder';
import { ValidationError } from '../../../base/errors.js';

export type CsvRecord = Array<string | null>;

export interface CsvLimits {
  /** Longest record, in characters: what a hostile file can make us hold at once. */
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
  const parser = new CsvParser(limits);
  for await (const chunk of source) {
    const records = parser.push(chunk);
    if (records.length > 0) yield records;
  }
  const rest = parser.end();
  if (rest.length > 0) yield rest;
}

const QUOTE = 34;
const COMMA = 44;
const CR = 13;

class CsvParser {
  readonly #limits: CsvLimits;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  /** How far an unfinished record has been searched for its end, so that a long one is not read again and again. */
  #searched = 0;
  #quoted = false;
  #count = 0;

  constructor(limits: CsvLimits) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): CsvRecord[] {
    this.#rest += this.#decoder.write(chunk as Buffer);
    return this.#takeRecords();
  }

  end(): CsvRecord[] {
    this.#rest += this.#decoder.end();
    const records = this.#takeRecords();
    if (this.#quoted) throw this.#fault('ends inside a quoted value');
    if (this.#rest !== '') records.push(this.#parse(this.#rest));
    return records;
  }

  #takeRecords(): CsvRecord[] {
    const records: CsvRecord[] = [];
    const text = this.#rest;
    let start = 0;
    let at = this.#searched;
    for (;;) {
      const end = this.#findEnd(text, at);
      if (end < 0) break;
      const last = end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end;
      records.push(this.#parse(text.slice(start, last)));
      start = end + 1;
      at = start;
    }
    this.#rest = start === 0 ? text : text.slice(start);
    this.#searched = this.#rest.length;
    if (this.#rest.length > this.#limits.maxRecord) throw this.#fault('is longer than any record may be');
    return records;
  }

  /** The line end that ends the record, not one inside quotes. */
  #findEnd(text: string, from: number): number {
    let at = from;
    for (;;) {
      if (this.#quoted) {
        const close = text.indexOf('"', at);
        if (close < 0) return -1;
        this.#quoted = false;
        at = close + 1;
      }
      const end = text.indexOf('\n', at);
      const open = text.indexOf('"', at);
      if (open < 0 || (end >= 0 && end < open)) return end;
      this.#quoted = true;
      at = open + 1;
    }
  }

  #parse(line: string): CsvRecord {
    this.#count += 1;
    const cells: CsvRecord = [];
    for (let at = 0; ; ) {
      if (cells.length >= this.#limits.maxCells) throw this.#fault('has more values than any record may have');
      const quoted = line.charCodeAt(at) === QUOTE;
      const end = quoted ? this.#closingQuote(line, at + 1) : endOfPlain(line, at);
      if (quoted) cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
      else cells.push(end === at ? null : this.#plain(line.slice(at, end)));
      const next = quoted ? end + 1 : end;
      if (next >= line.length) return cells;
      if (line.charCodeAt(next) !== COMMA) throw this.#fault('has text behind a closing quote');
      at = next + 1;
      if (at === line.length) return [...cells, null];
    }
  }

  #plain(text: string): string {
    if (text.includes('"')) throw this.#fault('has a quote inside an unquoted value');
    return text;
  }

  #closingQuote(line: string, from: number): number {
    for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) {
      if (line.charCodeAt(at + 1) !== QUOTE) return at;
    }
    throw this.#fault('ends inside a quoted value');
  }

  #fault(what: string): ValidationError {
    return new ValidationError([], `Record ${this.#count || 1} of the CSV file ${what}`);
  }
}

function endOfPlain(line: string, from: number): number {
  const comma = line.indexOf(',', from);
  return comma < 0 ? line.length : comma;
}
