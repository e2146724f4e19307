import type { Database, Statement } from 'better-sqlite3';
import type { PageLimit, RawRow, Row } from '../dialect/driver.js';
import { mapSqliteError } from './errors.js';

const MAX_STATEMENTS = 500;

type Prepared = Statement<unknown[], unknown>;
type Mode = 'raw' | 'bigints' | 'objects';

/** The prepared statements of one better-sqlite3 handle, which run at once. Every error they throw is a `KernelError`. */
export class SqliteStatements {
  readonly #database: Database;
  readonly #statements: Record<Mode, Map<string, Prepared>> = {
    raw: new Map(),
    bigints: new Map(),
    objects: new Map(),
  };
  #lastSql = '';

  constructor(database: Database) {
    this.#database = database;
  }

  /** The statement that was run last, without its values: for those who wait for the connection. */
  get lastSql(): string {
    return this.#lastSql;
  }

  readsOnly(sql: string): boolean {
    return this.#attempt(sql, () => this.#prepare('objects', sql).readonly);
  }

  all(sql: string, params: readonly unknown[], bigints = false): RawRow[] {
    return this.#attempt(sql, () => this.#prepare(bigints ? 'bigints' : 'raw', sql).all(...params) as RawRow[]);
  }

  /**
   * The same in pages. Until they are read or left, the handle runs no statement that writes, the
   * ends of transactions among them. The statement is made for this: a prepared one runs once at a time.
   */
  *pages(sql: string, limit: PageLimit): Generator<RawRow[], void> {
    const iterator = this.#attempt(sql, () => this.#database.prepare<[], RawRow>(sql).raw(true).iterate());
    try {
      for (let isLast = false; !isLast; ) {
        const rows = limit();
        const page = this.#attempt(sql, () => take(iterator, rows));
        if (page.length > 0) yield page;
        isLast = page.length < rows;
      }
    } finally {
      iterator.return?.();
    }
  }

  objects(sql: string, params: readonly unknown[]): Row[] {
    return this.#attempt(sql, () => {
      const statement = this.#prepare('objects', sql);
      if (statement.reader) return (statement.all(...params) as Row[]).map(narrowIntegers);
      statement.run(...params);
      return [];
    });
  }

  /** @returns how many rows were changed. */
  run(sql: string, params: readonly unknown[]): number {
    return this.#attempt(sql, () => {
      const statement = this.#prepare('raw', sql);
      return statement.reader ? statement.all(...params).length : statement.run(...params).changes;
    });
  }

  /** Runs one statement for each list of parameters. */
  runEach(sql: string, runs: ReadonlyArray<readonly unknown[]>): void {
    this.#attempt(sql, () => {
      const statement = this.#prepare('raw', sql);
      for (const params of runs) statement.run(...params);
    });
  }

  /** Prepared, because parsing BEGIN and COMMIT anew costs more than a small update. */
  control(sql: string): void {
    this.#attempt(sql, () => this.#prepare('raw', sql).run());
  }

  /** Several statements, run once. */
  exec(sql: string): void {
    this.#attempt(sql, () => this.#database.exec(sql));
  }

  #prepare(mode: Mode, sql: string): Prepared {
    const cache = this.#statements[mode];
    const cached = cache.get(sql);
    if (cached) return cached;
    const statement = this.#database.prepare(sql) as Prepared;
    if (statement.reader && mode !== 'objects') statement.raw(true);
    if (mode !== 'raw') statement.safeIntegers(true);
    if (cache.size >= MAX_STATEMENTS) cache.delete(cache.keys().next().value as string);
    cache.set(sql, statement);
    return statement;
  }

  #attempt<T>(sql: string, work: () => T): T {
    this.#lastSql = sql;
    try {
      return work();
    } catch (error) {
      throw mapSqliteError(error, sql);
    }
  }
}

/** The next ones, at most so many. */
function take(iterator: Iterator<RawRow>, rows: number): RawRow[] {
  const page: RawRow[] = [];
  while (page.length < rows) {
    const { value, done } = iterator.next();
    if (done) break;
    page.push(value);
  }
  return page;
}

function narrowIntegers(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value);
  }
  return row;
}
