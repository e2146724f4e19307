const MAX_STATEMENTS = 256;

/** One statement that the server keeps parsed for one connection. */
export interface Prepared {
  readonly sql: string;
  readonly name: string;
  /** Whether the server has been asked to prepare it. */
  parsed: boolean;
}

/** The statements a connection has prepared; the one that was used longest ago makes room for a new one. */
export class StatementCache {
  readonly #statements = new Map<string, Prepared>();
  #doomed: string[] = [];
  #count = 0;

  get(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    if (this.#statements.size >= MAX_STATEMENTS) this.forget(this.#statements.values().next().value as Prepared);
    const statement = { sql, name: `s${++this.#count}`, parsed: false };
    this.#statements.set(sql, statement);
    return statement;
  }

  /** The server may or may not have it; closing an unknown one is no error. */
  forget(statement: Prepared): void {
    if (this.#statements.get(statement.sql) !== statement) return; // forgotten already, by what travelled with it
    this.#statements.delete(statement.sql);
    this.#doomed.push(statement.name);
  }

  /** The names that the server should let go of now. */
  takeDoomed(): readonly string[] {
    if (this.#doomed.length === 0) return this.#doomed;
    const names = this.#doomed;
    this.#doomed = [];
    return names;
  }
}
