import type { DirectStatements, RawRow } from '../dialect/driver.js';
import { isBusy } from './errors.js';
import type { SqliteStatements } from './statements.js';

/** Statements that leave it to others to wait for the file. */
export class UnlessBusy implements DirectStatements {
  readonly #statements: SqliteStatements;

  constructor(statements: SqliteStatements) {
    this.#statements = statements;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean): RawRow[] | undefined {
    try {
      return this.#statements.all(sql, params, bigints);
    } catch (error) {
      return undefinedIfBusy(error);
    }
  }

  run(sql: string, params: readonly unknown[]): number | undefined {
    try {
      return this.#statements.run(sql, params);
    } catch (error) {
      return undefinedIfBusy(error);
    }
  }
}

function undefinedIfBusy(error: unknown): undefined {
  if (!isBusy(error)) throw error;
}
