import type { DirectStatements, RawRow } from '../../dialect/driver.js';
import type { StatementWatch } from './statement-watch.js';

/** Direct statements that are watched. It is put around them only while somebody wants to know. */
export class WatchedStatements implements DirectStatements {
  readonly #inner: DirectStatements;
  readonly #watch: StatementWatch;

  constructor(inner: DirectStatements, watch: StatementWatch) {
    this.#inner = inner;
    this.#watch = watch;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean): RawRow[] | undefined {
    return this.#watch.runDirect(
      sql,
      params,
      () => this.#inner.all(sql, params, bigints),
      (rows) => rows.length,
    );
  }

  run(sql: string, params: readonly unknown[]): number | undefined {
    return this.#watch.runDirect(
      sql,
      params,
      () => this.#inner.run(sql, params),
      (count) => count,
    );
  }
}
