import type { TakeLines } from '../../dialect/csv-export.js';
import type { BeginOptions, Connection, PageLimit, RawRow, Row } from '../../dialect/driver.js';
import { copyIn } from './copy-in.js';
import { copyOut } from './copy-out.js';
import { runEach } from './run-each.js';
import type { StatementWatch } from './statement-watch.js';

/** A connection whose statements are watched. It is put around one only while somebody wants to know. */
export class WatchedConnection implements Connection {
  readonly inner: Connection;
  readonly #watch: StatementWatch;

  constructor(inner: Connection, watch: StatementWatch) {
    this.inner = inner;
    this.#watch = watch;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    return this.#watch.run(sql, params, () => this.inner.all(sql, params, bigints), lengthOf);
  }

  objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.#watch.run(sql, params, () => this.inner.objects(sql, params), lengthOf);
  }

  run(sql: string, params: readonly unknown[]): Promise<number> {
    return this.#watch.run(sql, params, () => this.inner.run(sql, params), itself);
  }

  /** Told as one statement. */
  runEach(sql: string, runs: ReadonlyArray<readonly unknown[]>): Promise<void> {
    return this.#watch.run(
      sql,
      runs,
      () => runEach(this.inner, sql, runs),
      () => runs.length,
    );
  }

  /** Told as one statement, once it has been read or left. */
  cursor(sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void> {
    return this.#watch.runPages(sql, this.inner.cursor(sql, limit));
  }

  copyOut(sql: string, take: TakeLines): Promise<void> {
    return this.#watch.run(sql, [], () => copyOut(this.inner, sql, take), none);
  }

  copyIn(sql: string, lines: AsyncIterable<Buffer>): Promise<number> {
    return this.#watch.run(sql, [], () => copyIn(this.inner, sql, lines), itself);
  }

  begin(options: BeginOptions): Promise<void> {
    return this.#watch.run('BEGIN', [], () => this.inner.begin(options), none);
  }

  commit(): Promise<void> {
    return this.#watch.run('COMMIT', [], () => this.inner.commit(), none);
  }

  rollback(): Promise<void> {
    return this.#watch.run('ROLLBACK', [], () => this.inner.rollback(), none);
  }
}

/** The driver's own connection. */
export function bare(connection: Connection): Connection {
  return connection instanceof WatchedConnection ? connection.inner : connection;
}

const lengthOf = (rows: readonly unknown[]): number => rows.length;
const itself = (count: number): number => count;
const none = (): number => 0;
