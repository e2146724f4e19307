import type { DirectStatements, RawRow } from '../dialect/driver.js';
import type { SqliteConnection } from './connection.js';
import { isBusy } from './errors.js';

/** Statements that leave it to others to wait, be it for the file or because it is somebody else's turn. */
export class UnlessBusy implements DirectStatements {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean): RawRow[] | undefined {
    if (this.#connection.turn.isLong()) return undefined;
    try {
      return this.#connection.statements.all(sql, params, bigints);
    } catch (error) {
      return undefinedIfBusy(error);
    }
  }

  run(sql: string, params: readonly unknown[]): number | undefined {
    if (this.#connection.turn.isLong()) return undefined;
    try {
      return this.#connection.statements.run(sql, params);
    } catch (error) {
      return undefinedIfBusy(error);
    }
  }
}

function undefinedIfBusy(error: unknown): undefined {
  if (!isBusy(error)) throw error;
}
