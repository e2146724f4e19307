import type { Database } from 'better-sqlite3';
import { ConstraintError } from '../../base/errors.js';
import type { BeginOptions, Connection, PageLimit, RawRow, Row } from '../dialect/driver.js';
import { sameJson } from '../entity/codec.js';
import { chunks } from '../sql/write/chunks.js';
import { addCellFunctions } from './cell-export.js';
import { SAME_JSON } from './column-codecs.js';
import { addConversions } from './schema/retyping.js';
import { SqliteStatements } from './statements.js';
import { Turn } from './turn.js';

/** About 1 ms, and several of a table with many indexes. */
const RUNS_AT_ONCE = 100;

/** One better-sqlite3 handle: its statements, and its transactions. */
export class SqliteConnection implements Connection {
  readonly statements: SqliteStatements;
  readonly turn = new Turn();
  readonly #database: Database;
  #schemaChange = false;
  #readOnly = false;

  constructor(database: Database) {
    this.#database = database;
    this.statements = new SqliteStatements(database);
    addConversions(database);
    addCellFunctions(database);
    database.function(SAME_JSON, { deterministic: true }, (a, b) => (isText(a) && isText(b) && sameJson(a, b) ? 1 : 0));
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  async all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    const rows = this.statements.all(sql, params, bigints);
    if (this.turn.isLong()) await this.turn.end();
    return rows;
  }

  async objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    const rows = this.statements.objects(sql, params);
    if (this.turn.isLong()) await this.turn.end();
    return rows;
  }

  async run(sql: string, params: readonly unknown[]): Promise<number> {
    const changed = this.statements.run(sql, params);
    if (this.turn.isLong()) await this.turn.end();
    return changed;
  }

  /** Without a promise for each, which costs a third of the time; others get a turn now and then. */
  async runEach(sql: string, runs: ReadonlyArray<readonly unknown[]>): Promise<void> {
    for (const some of chunks(runs, () => RUNS_AT_ONCE)) {
      this.statements.runEach(sql, some);
      if (some.length === RUNS_AT_ONCE) await this.turn.end();
    }
  }

  async *cursor(sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void> {
    yield* this.statements.pages(sql, limit);
  }

  async begin(options: BeginOptions): Promise<void> {
    this.#schemaChange = options.schemaChange ?? false;
    this.#readOnly = options.readOnly ?? false;
    // A table is changed by replacing it, which must neither cascade nor mind the triggers and views that miss the table
    // meanwhile; SQLite ignores the first pragma inside a transaction.
    if (this.#schemaChange) this.statements.exec('PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON');
    if (this.#readOnly) this.statements.exec('PRAGMA query_only = ON');
    try {
      this.statements.control(this.#readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE');
    } catch (error) {
      this.#restorePragmas();
      throw error;
    }
  }

  async commit(): Promise<void> {
    if (this.#schemaChange) this.#assertReferences();
    this.statements.control('COMMIT');
    this.#restorePragmas();
    await this.turn.end(); // a disk may take long
  }

  async rollback(): Promise<void> {
    try {
      if (this.#database.inTransaction) this.statements.control('ROLLBACK');
    } finally {
      this.#restorePragmas();
    }
  }

  close(): void {
    this.#database.close();
  }

  #restorePragmas(): void {
    if (this.#schemaChange) this.statements.exec('PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = OFF');
    if (this.#readOnly) this.statements.exec('PRAGMA query_only = OFF');
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
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
