import { endOfCell } from './csv-cell.js';

const LF = 10;

/** A cell as it stands in its record, written anew; NULL is never asked for. @throws RangeError for what is no value. */
export type RewriteCell = (cell: string) => string;

/** What is wrong with a record: its number, from 1, and which of its cells it is. */
export class RecordFault extends Error {
  readonly record: number;
  /** Left out where their number is wrong. */
  readonly column: number | undefined;

  constructor(record: number, column: number | undefined, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.record = record;
    this.column = column;
  }
}

/** Writes the cells of some columns anew and passes everything else on as it is, without making values of it. */
export class CsvRewriter {
  readonly #rewrites: ReadonlyArray<RewriteCell | undefined>;
  #records = 0;

  /** @param rewrites one for each column; `undefined` for those that stay. */
  constructor(rewrites: ReadonlyArray<RewriteCell | undefined>) {
    this.#rewrites = rewrites;
  }

  get records(): number {
    return this.#records;
  }

  /**
   * @param text whole records whose lines end in LF; it may be bytes, each as a character.
   * @returns the very same where nothing has changed.
   * @throws RecordFault, CsvFault
   */
  rewrite(text: string): string {
    const { length } = this.#rewrites;
    let out = '';
    let copied = 0;
    for (let at = 0, column = 0; at < text.length; at++) {
      const start = at;
      at = endOfCell(text, at);
      const rewrite = this.#rewrites[column];
      if (rewrite !== undefined && at > start) {
        const cell = text.slice(start, at);
        const written = this.#attempt(rewrite, cell, column);
        if (written !== cell) {
          out += text.slice(copied, start) + written;
          copied = at;
        }
      }
      column += 1;
      if (text.charCodeAt(at) !== LF) continue;
      if (column !== length) throw new RecordFault(this.#records + 1, undefined, `has ${column} values`);
      this.#records += 1;
      column = 0;
    }
    return copied === 0 ? text : out + text.slice(copied);
  }

  #attempt(rewrite: RewriteCell, cell: string, column: number): string {
    try {
      return rewrite(cell);
    } catch (cause) {
      throw new RecordFault(this.#records + 1, column, (cause as Error).message, { cause });
    }
  }
}
