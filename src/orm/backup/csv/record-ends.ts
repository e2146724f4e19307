/** Finds where records end, chunk by chunk, and looks at no byte twice: a record may be far longer than a chunk. */
export class RecordEnds {
  #quoted = false;

  /** Whether what was seen so far ends inside a quoted value. */
  get isQuoted(): boolean {
    return this.#quoted;
  }

  /** Where the last record that ends in this chunk ends, behind its line end; 0 where none does. */
  lastIn(chunk: Buffer): number {
    const text = chunk.toString('latin1'); // which looks for a byte faster than a buffer does
    let last = 0;
    let line = -1;
    for (let at = 0; at <= text.length; ) {
      const quote = text.indexOf('"', at);
      const end = quote < 0 ? text.length : quote;
      if (!this.#quoted) {
        if (line < at) line = lineEnd(text, at);
        for (; line < end; line = lineEnd(text, last)) last = line + 1;
      }
      if (quote < 0) break;
      this.#quoted = !this.#quoted;
      at = quote + 1;
    }
    return last;
  }
}

/** The length of `text` where no line ends: nobody looks for one again. */
function lineEnd(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found < 0 ? text.length : found;
}
