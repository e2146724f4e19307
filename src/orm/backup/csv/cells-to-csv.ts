import { CELL_END, EMPTY_TEXT } from '../../dialect/cell-export.js';
import type { FieldType } from '../../entity/field-types.js';
import { canonicalJsonText } from '../values/canonical-json.js';
import { endOfCanonical } from '../values/canonical-scan.js';
import { csvCell } from './csv-cell.js';

const QUOTE = 34;
const COMMA = 44;
const CR = 13;
const LF = 10;
/** So much more than a page the CSV of it mostly is. */
const MORE = 1.25;

/** Makes CSV of pages of a `CellExport`. It looks at nearly every byte once, and makes texts of none but unusual documents. */
export class CellsToCsv {
  readonly #isJson: readonly boolean[];
  #page: Buffer = Buffer.alloc(0);
  #out: Buffer = Buffer.alloc(0);
  /** How much of `#out` is written. */
  #length = 0;

  constructor(types: readonly FieldType[]) {
    this.#isJson = types.map((type) => type === 'json');
  }

  /** @param page whole rows, each with a cell for every column. */
  csv(page: Buffer): Buffer {
    const last = this.#isJson.length - 1;
    this.#page = page;
    this.#out = Buffer.allocUnsafeSlow(Math.ceil(page.length * MORE));
    this.#length = 0;
    for (let at = 0, column = 0; at < page.length; column = column === last ? 0 : column + 1) {
      at = this.#isJson[column] ? this.#json(at) : this.#text(at);
      this.#out[this.#length++] = column === last ? LF : COMMA;
    }
    return this.#out.subarray(0, this.#length);
  }

  /** @returns where the next cell begins. */
  #text(start: number): number {
    const page = this.#page;
    const out = this.#out;
    let length = this.#length;
    for (let at = start; ; at++) {
      const code = page[at] as number;
      if (code <= COMMA) {
        if (code === CELL_END) {
          if (at === start + 1 && page[start] === EMPTY_TEXT) this.#quoted(start, start);
          else this.#length = length;
          return at + 1;
        }
        if (code === COMMA || code === QUOTE || code === LF || code === CR) {
          const end = page.indexOf(CELL_END, at);
          this.#quoted(start, end);
          return end + 1;
        }
      }
      out[length++] = code;
    }
  }

  #quoted(start: number, end: number): void {
    const page = this.#page;
    this.#reserve(2 * (end - start) + 2, end);
    const out = this.#out;
    let length = this.#length;
    out[length++] = QUOTE;
    for (let at = start; at < end; at++) {
      const code = page[at] as number;
      if (code === QUOTE) out[length++] = QUOTE;
      out[length++] = code;
    }
    out[length++] = QUOTE;
    this.#length = length;
  }

  #json(start: number): number {
    const page = this.#page;
    const known = endOfCanonical(page, start);
    if (known >= 0 && page[known] === CELL_END) return this.#text(start);
    const end = page.indexOf(CELL_END, start);
    if (end === start || (end === start + 1 && page[start] === EMPTY_TEXT)) return this.#text(start);
    const cell = csvCell(canonicalJsonText(page.toString('utf8', start, end)));
    this.#reserve(Buffer.byteLength(cell), end);
    this.#length += this.#out.write(cell, this.#length);
    return end + 1;
  }

  /** Makes room for a cell, and for all that is behind it where that becomes no longer. */
  #reserve(bytes: number, end: number): void {
    const wanted = this.#length + bytes + this.#page.length - end;
    if (wanted <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil(wanted * MORE));
    larger.set(this.#out.subarray(0, this.#length));
    this.#out = larger;
  }
}
