import { Exchange } from './exchange.js';
import { prepareRequest } from './request.js';

const END = 0xfe;

/** Has a statement prepared; the answer is the server's number for it. */
export class Preparation extends Exchange<number> {
  #statementId = 0;
  /** Lists of definitions that are still to come, of parameters and of columns; their results are told again with every run. */
  #missingLists: number | undefined;

  constructor(sql: string) {
    super(prepareRequest(sql));
  }

  protected read(data: Buffer, start: number, end: number): boolean {
    if (this.#missingLists === undefined) {
      this.#statementId = data.readUInt32LE(start + 1);
      this.#missingLists = [data.readUInt16LE(start + 5), data.readUInt16LE(start + 7)].filter(
        (count) => count > 0,
      ).length;
    } else if (data[start] === END && end - start < 9) this.#missingLists -= 1;
    return this.#missingLists === 0;
  }

  protected result(): number {
    return this.#statementId;
  }
}
