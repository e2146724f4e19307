import { currentContext } from '../../../base/context.js';
import type { Logger } from '../../../base/ports.js';
import type { RawRow } from '../../dialect/driver.js';
import { Listeners } from './listeners.js';
import type { QueryEvent } from './query-event.js';
import { type DatabaseTracer, endSpan } from './tracer.js';

export interface WatchOptions {
  /** A statement that takes as long is slow, ms; 0 calls none slow. */
  slowQueryMs: number;
  /** Events carry the values of their statements. */
  debug: boolean;
  tracer: DatabaseTracer | undefined;
  /** Where slow statements are logged; left out, they are told to listeners alone. */
  log: Logger | undefined;
}

/**
 * Tells of the statements of one database: to its listeners, and the slow ones to the log. A get by id on SQLite, the
 * cheapest statement there is, takes 6.7 µs unwatched, 7.05 µs with the log of slow ones, 7.2 µs with a listener.
 */
export class StatementWatch {
  readonly onQuery: Listeners<QueryEvent>;
  readonly onSlow: Listeners<QueryEvent>;
  readonly #options: WatchOptions;
  /** Statements that were sent; counted by whoever sends one. */
  statements = 0;
  /** Statements that were slow, as far as they were watched. */
  slow = 0;

  constructor(logger: Logger, options: WatchOptions) {
    this.onQuery = new Listeners(logger);
    this.onSlow = new Listeners(logger);
    this.#options = options;
  }

  /** Whether anybody wants to know: while nobody does, statements are run as if this were not here. */
  get awake(): boolean {
    const { log, slowQueryMs, tracer } = this.#options;
    return this.onQuery.any || this.onSlow.any || tracer !== undefined || (log !== undefined && slowQueryMs > 0);
  }

  get traces(): boolean {
    return this.#options.tracer !== undefined;
  }

  async run<T>(
    sql: string,
    params: readonly unknown[],
    statement: () => Promise<T>,
    rowsOf: (result: T) => number,
  ): Promise<T> {
    const span = this.#options.tracer?.startStatement(sql);
    const start = performance.now();
    try {
      const result = await statement();
      if (span) endSpan(span, undefined);
      this.#ended(sql, params, start, rowsOf(result), undefined);
      return result;
    } catch (error) {
      if (span) endSpan(span, error);
      this.#ended(sql, params, start, undefined, error);
      throw error;
    }
  }

  /** The same of a statement whose rows come in pages; the time that their reader takes is part of its own. */
  async *runPages(sql: string, pages: AsyncIterable<RawRow[]>): AsyncGenerator<RawRow[], void> {
    const span = this.#options.tracer?.startStatement(sql);
    const start = performance.now();
    let rows: number | undefined = 0;
    let fault: unknown;
    try {
      for await (const page of pages) {
        rows += page.length;
        yield page;
      }
    } catch (error) {
      rows = undefined;
      fault = error;
      throw error;
    } finally {
      if (span) endSpan(span, fault);
      this.#ended(sql, [], start, rows, fault);
    }
  }

  /** The same of a direct statement, without spans; of one that was not run, nothing is told. */
  runDirect<T>(
    sql: string,
    params: readonly unknown[],
    statement: () => T | undefined,
    rowsOf: (result: T) => number,
  ): T | undefined {
    const start = performance.now();
    try {
      const result = statement();
      if (result !== undefined) this.#ended(sql, params, start, rowsOf(result), undefined);
      return result;
    } catch (error) {
      this.#ended(sql, params, start, undefined, error);
      throw error;
    }
  }

  #ended(sql: string, params: readonly unknown[], start: number, rows: number | undefined, error: unknown): void {
    const durationMs = performance.now() - start;
    const { slowQueryMs, debug } = this.#options;
    const isSlow = slowQueryMs > 0 && durationMs >= slowQueryMs;
    if (!isSlow && !this.onQuery.any) return;
    const { requestId } = currentContext();
    const event: QueryEvent = { sql, durationMs, rows, error, requestId, params: debug ? params : undefined };
    this.onQuery.tell(event);
    if (isSlow) this.#wasSlow(event);
  }

  #wasSlow(event: QueryEvent): void {
    this.slow += 1;
    this.onSlow.tell(event);
    const { sql, rows, requestId } = event;
    const durationMs = Math.round(event.durationMs);
    this.#options.log?.warn({ sql, durationMs, rows, requestId }, 'A statement was slow');
  }
}
