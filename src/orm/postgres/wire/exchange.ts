import type { RawRow } from '../../dialect/driver.js';
import type { CopySink } from './copy-sink.js';
import type { CopySource } from './copy-source.js';
import type { MessageWriter, WireValue } from './message-writer.js';
import type { Prepared } from './statement-cache.js';

/** A column of a result as the server describes it. */
export interface ResultColumn {
  readonly name: string;
  readonly dataTypeID: number;
}

export interface ExchangeResult {
  readonly rows: RawRow[];
  readonly columns: readonly ResultColumn[];
  /** What the last statement did: `UPDATE 1`, `COMMIT`. */
  readonly tag: string;
}

/** One statement of an exchange. */
export interface Message {
  readonly statement: Prepared;
  readonly values: readonly WireValue[];
}

export interface ExchangeOptions {
  /** Names of statements that the server should let go of. */
  readonly doomed: readonly string[];
  /** Whether the columns of the last statement's result are not known. */
  readonly describe: boolean;
  /** Where lines go that the last statement copies out. */
  readonly sink?: CopySink | undefined;
  /** Where lines come from that the last statement copies in. */
  readonly source?: CopySource | undefined;
}

/**
 * Statements that travel together: one round trip, however many there are. When one fails, the server skips the rest.
 * Values stay the text that the server sent, and a result is described only where its columns are not known.
 */
export class Exchange implements ExchangeResult {
  readonly rows: RawRow[] = [];
  columns: readonly ResultColumn[] = [];
  tag = '';
  /** What the server reports; it answers an exchange to its end all the same. */
  error: Error | undefined;
  /** Settles when the server has answered, or never will. */
  readonly answered: Promise<ExchangeResult>;
  readonly messages: readonly Message[];
  /** What the server is asked to prepare on the way. */
  readonly parsing: Prepared[] = [];
  /** Whether nothing else was on the way when it was sent. */
  alone = true;
  /** How long the server was at it, ms. */
  tookMs = 0;
  readonly #options: ExchangeOptions;
  #resolve!: (result: ExchangeResult) => void;
  #reject!: (error: Error) => void;

  constructor(messages: readonly Message[], options: ExchangeOptions) {
    this.messages = messages;
    this.#options = options;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get sink(): CopySink | undefined {
    return this.#options.sink;
  }

  get source(): CopySource | undefined {
    return this.#options.source;
  }

  /** Ends with a Sync of its own, so that its fault stays its own whatever travels behind it. */
  write(writer: MessageWriter): void {
    for (const name of this.#options.doomed) writer.closeStatement(name);
    for (const { statement, values } of this.messages) {
      if (!statement.parsed) {
        writer.parse(statement.name, statement.sql);
        statement.parsed = true; // what is sent behind it need not wait for the answer
        this.parsing.push(statement);
      }
      writer.bind(statement.name, values);
      if (this.#options.describe && values === this.messages.at(-1)?.values) writer.describePortal();
      writer.execute();
    }
    writer.sync();
  }

  /** The server has nothing more to say. */
  end(tookMs: number): void {
    this.tookMs = tookMs;
    if (this.error) this.#reject(this.error);
    else this.#resolve(this);
  }

  /** The server will not answer any more; what it has reported already is the better reason. */
  fail(error: Error): void {
    this.#reject(this.error ?? error);
  }
}
