import { CsvFault } from './csv-cell.js';
import { RecordFault, type RewriteCell } from './csv-rewriter.js';

const QUOTE = 34;
const COMMA = 44;
const LF = 10;
/** So much more room a cell gets that has become longer. */
const MORE = 1.25;

/**
 * What a `CsvRewriter` does, for the bytes that a server has written: cells that stay are copied together with what stands
 * around them, and no text is made of them.
 */
export class BytesRewriter {
  readonly #rewrites: ReadonlyArray<RewriteCell | undefined>;
  #records = 0;
  #out: Buffer = Buffer.alloc(0);
  /** How much of `#out` is written. */
  #length = 0;

  /** @param rewrites one for each column, which gets bytes as characters; `undefined` for those that stay. */
  constructor(rewrites: ReadonlyArray<RewriteCell | undefined>) {
    this.#rewrites = rewrites;
  }

  /**
   * @param lines whole records whose lines end in LF.
   * @returns the very same where nothing has changed.
   * @throws RecordFault, CsvFault, and what a rewriting throws
   */
  rewrite(lines: Buffer): Buffer {
    const rewrites = this.#rewrites;
    let copied = 0;
    for (let at = 0, column = 0; at < lines.length; at++) {
      const start = at;
      at = endOfCell(lines, at);
      const rewrite = rewrites[column];
      if (rewrite !== undefined && at > start) {
        const cell = lines.toString('latin1', start, at);
        const written = rewrite(cell);
        if (written !== cell) {
          this.#put(lines, copied, start, written);
          copied = at;
        }
      }
      column += 1;
      if (lines[at] !== LF) continue;
      if (column !== rewrites.length) throw new RecordFault(this.#records + 1, undefined, `has ${column} values`);
      this.#records += 1;
      column = 0;
    }
    if (copied === 0) return lines;
    this.#put(lines, copied, lines.length, '');
    const out = this.#out.subarray(0, this.#length);
    this.#out = Buffer.alloc(0);
    this.#length = 0;
    return out;
  }

  /** Bytes as they are, and a text behind them. There is room for what comes after it, unless that becomes longer. */
  #put(lines: Buffer, from: number, to: number, text: string): void {
    const wanted = this.#length + (lines.length - from) + text.length;
    if (wanted > this.#out.length) {
      const larger = Buffer.allocUnsafeSlow(this.#length === 0 ? wanted : Math.ceil(wanted * MORE));
      larger.set(this.#out.subarray(0, this.#length));
      this.#out = larger;
    }
    this.#length += lines.copy(this.#out, this.#length, from, to);
    this.#length += this.#out.write(text, this.#length, 'latin1');
  }
}

/** Where the cell that begins at `start` ends: at a comma, or at the end of its line. */
function endOfCell(lines: Buffer, start: number): number {
  const { length } = lines;
  let at = start;
  if (lines[at] === QUOTE) {
    do at = endOfQuotes(lines, at + 1) + 1;
    while (lines[at] === QUOTE);
  } else while (at < length && lines[at] !== COMMA && lines[at] !== LF) at += 1;
  if (at >= length || (lines[at] !== COMMA && lines[at] !== LF)) throw new CsvFault('has text behind a closing quote');
  return at;
}

function endOfQuotes(lines: Buffer, start: number): number {
  for (let at = start; at < lines.length; at++) if (lines[at] === QUOTE) return at;
  throw new CsvFault('ends inside a quoted value');
}
