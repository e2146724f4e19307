import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { ConstraintError } from '../../base/errors.js';
import type { BeginOptions, Connection, RawRow, Row } from '../dialect/driver.js';
import { sameJson } from '../entity/codec.js';
import { chunks } from '../sql/write/chunks.js';
import { SAME_JSON } from './column-codecs.js';
import { mapSqliteError } from './errors.js';
import { addConversions } from './schema/retyping.js';

const MAX_STATEMENTS = 500;
/** About 5 ms. */
const RUNS_PER_TURN = 500;

type Prepared = Statement<unknown[], unknown>;
type Mode = 'raw' | 'bigints' | 'objects';

/** One better-sqlite3 handle with its prepared statements. */
export class SqliteConnection implements Connection {
  readonly #database: Database;
  readonly #statements: Record<Mode, Map<string, Prepared>> = {
    raw: new Map(),
    bigints: new Map(),
    objects: new Map(),
  };
  #schemaChange = false;
  #readOnly = false;
  #lastSql = '';

  constructor(database: Database) {
    this.#database = database;
    addConversions(database);
    database.function(SAME_JSON, { deterministic: true }, (a, b) => (isText(a) && isText(b) && sameJson(a, b) ? 1 : 0));
  }

  /** The statement that was run last, without its values: for those who wait for the connection. */
  get lastSql(): string {
    return this.#lastSql;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  readsOnly(sql: string): boolean {
    return this.#attempt(sql, () => this.#prepare('objects', sql).readonly);
  }

  async all(sql: string, params: readonly unknown[], bigints = false): Promise<RawRow[]> {
    return this.#attempt(sql, () => this.#prepare(bigints ? 'bigints' : 'raw', sql).all(...params) as RawRow[]);
  }

  async objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.#attempt(sql, () => {
      const statement = this.#prepare('objects', sql);
      if (statement.reader) return (statement.all(...params) as Row[]).map(narrowIntegers);
      statement.run(...params);
      return [];
    });
  }

  async run(sql: string, params: readonly unknown[]): Promise<number> {
    return this.#attempt(sql, () => {
      const statement = this.#prepare('raw', sql);
      return statement.reader ? statement.all(...params).length : statement.run(...params).changes;
    });
  }

  /** Without a promise for each, which costs a third of the time; others get a turn now and then. */
  async runEach(sql: string, runs: ReadonlyArray<readonly unknown[]>): Promise<void> {
    for (const turn of chunks(runs, () => RUNS_PER_TURN)) {
      this.#attempt(sql, () => {
        const statement = this.#prepare('raw', sql);
        for (const params of turn) statement.run(...params);
      });
      if (turn.length === RUNS_PER_TURN) await setImmediate();
    }
  }

  async begin(options: BeginOptions): Promise<void> {
    this.#schemaChange = options.schemaChange ?? false;
    this.#readOnly = options.readOnly ?? false;
    // A table is changed by replacing it, which must neither cascade nor mind the triggers and views that miss the table
    // meanwhile; SQLite ignores the first pragma inside a transaction.
    if (this.#schemaChange) this.#exec('PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON');
    if (this.#readOnly) this.#exec('PRAGMA query_only = ON');
    try {
      this.#control(this.#readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE');
    } catch (error) {
      this.#restorePragmas();
      throw error;
    }
  }

  async commit(): Promise<void> {
    if (this.#schemaChange) this.#assertReferences();
    this.#control('COMMIT');
    this.#restorePragmas();
  }

  async rollback(): Promise<void> {
    try {
      if (this.#database.inTransaction) this.#control('ROLLBACK');
    } finally {
      this.#restorePragmas();
    }
  }

  close(): void {
    this.#database.close();
  }

  #restorePragmas(): void {
    if (this.#schemaChange) this.#exec('PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = OFF');
    if (this.#readOnly) this.#exec('PRAGMA query_only = OFF');
    this.#schemaChange = false;
    this.#readOnly = false;
  }

  #assertReferences(): void {
    const [broken] = this.#database.pragma('foreign_key_check') as Array<{ table: string; parent: string }>;
    if (!broken) return;
    throw new ConstraintError(
      { kind: 'foreign_key', table: broken.table },
      `Rows of ${broken.table} would reference rows of ${broken.parent} that do not exist`,
    );
  }

  /** Prepared, because parsing BEGIN and COMMIT anew costs more than a small update. */
  #control(sql: string): void {
    this.#attempt(sql, () => this.#prepare('raw', sql).run());
  }

  #exec(sql: string): void {
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

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function narrowIntegers(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value);
  }
  return row;
}
