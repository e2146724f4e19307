import { PlainJsonBytes } from '../values/plain-json-bytes.js';
import { CsvFault } from './csv-cell.js';
import { RecordFault, type RewriteCell } from './csv-rewriter.js';

const QUOTE = 34;
const COMMA = 44;
const LF = 10;
/** So much more room a cell gets that has become longer. */
const MORE = 1.25;
const NOTHING = Buffer.alloc(0);

/** How the cells of a column are written anew. */
export interface BytesRewrite {
  /** Gets bytes as characters. */
  readonly cell: RewriteCell;
  /** Whether plain documents are rewritten as bytes, to what `cell` would give. */
  readonly isJson?: boolean;
}

/**
 * What a `CsvRewriter` does, for the bytes that a server has written: what stays is copied together, and hardly any text
 * is made.
 */
export class BytesRewriter {
  readonly #rewrites: ReadonlyArray<BytesRewrite | undefined>;
  readonly #json = new PlainJsonBytes();
  #records = 0;
  #lines: Buffer = NOTHING;
  /** How much of `#lines` has come into `#out`. */
  #copied = 0;
  #out: Buffer = NOTHING;
  /** How much of `#out` is written. */
  #length = 0;

  /** @param rewrites one for each column; `undefined` for those that stay. */
  constructor(rewrites: ReadonlyArray<BytesRewrite | undefined>) {
    this.#rewrites = rewrites;
  }

  /**
   * @param lines whole records whose lines end in LF.
   * @returns the very same where nothing has changed.
   * @throws RecordFault, CsvFault, and what a rewriting throws
   */
  rewrite(lines: Buffer): Buffer {
    const rewrites = this.#rewrites;
    if (lines.length > 0 && lines[lines.length - 1] !== LF) throw new CsvFault('ends without a line end');
    this.#lines = lines;
    this.#length = 0;
    this.#copied = 0;
    for (let at = 0, column = 0; at < lines.length; at++) {
      const rewrite = rewrites[column];
      at = rewrite === undefined ? endOfCell(lines, at) : this.#rewrite(rewrite, at);
      column += 1;
      if (lines[at] === COMMA) continue;
      if (lines[at] !== LF) throw new CsvFault('has text behind a closing quote');
      if (column !== rewrites.length) throw new RecordFault(this.#records + 1, undefined, `has ${column} values`);
      this.#records += 1;
      column = 0;
    }
    this.#lines = NOTHING;
    if (this.#copied === 0) return lines;
    this.#copyUpTo(lines, lines.length, 0);
    const out = this.#out.subarray(0, this.#length);
    this.#out = NOTHING;
    return out;
  }

  /** @returns where the cell ends. */
  #rewrite({ cell, isJson }: BytesRewrite, start: number): number {
    const lines = this.#lines;
    if (lines[start] === COMMA || lines[start] === LF) return start; // NULL
    if (isJson) {
      this.#copyUpTo(lines, start, 0);
      const known = this.#json.write(lines, start, this.#out, this.#length);
      if (known >= 0) {
        this.#length = this.#json.written;
        this.#copied = known;
        return known;
      }
    }
    const end = endOfCell(lines, start);
    const text = lines.toString('latin1', start, end);
    const written = cell(text);
    if (written === text) return end;
    this.#copyUpTo(lines, start, written.length);
    this.#length += this.#out.write(written, this.#length, 'latin1');
    this.#copied = end;
    return end;
  }

  /** Copies what stays, and makes room for a cell and all that is behind it, where that becomes no longer. */
  #copyUpTo(lines: Buffer, end: number, bytes: number): void {
    const wanted = this.#length + (lines.length - this.#copied) + bytes;
    if (wanted > this.#out.length) {
      const larger = Buffer.allocUnsafeSlow(this.#length === 0 ? wanted : Math.ceil(wanted * MORE));
      larger.set(this.#out.subarray(0, this.#length));
      this.#out = larger;
    }
    this.#length += lines.copy(this.#out, this.#length, this.#copied, end);
    this.#copied = end;
  }
}

/** Where the cell that begins at `start` ends; what is behind it is looked at by who asks. */
function endOfCell(lines: Buffer, start: number): number {
  let at = start;
  let code = lines[at] as number;
  if (code !== QUOTE) {
    while (code > COMMA || (code !== COMMA && code !== LF)) code = lines[++at] as number;
    return at;
  }
  do {
    do code = lines[++at] as number;
    while (code !== QUOTE && at < lines.length);
    if (at >= lines.length) throw new CsvFault('ends inside a quoted value');
    code = lines[++at] as number;
  } while (code === QUOTE);
  return at;
}
