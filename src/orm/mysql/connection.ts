import type { FieldPacket, Connection as RawConnection } from 'mysql2';
import { ConnectionError, ConstraintError, TimeoutError } from '../../base/errors.js';
import type { BeginOptions, Connection, RawRow, Row } from '../dialect/driver.js';
import { endsConnection, endsTransaction, mapMysqlError, withColumns } from './errors.js';
import type { Flavor } from './flavor.js';
import { indexColumns } from './introspector.js';
import { RELEASE_LOCKS, TAKE_LOCK } from './locks.js';
import { statementLimitSql } from './open-connection.js';
import { danglingReference } from './references.js';
import { toObjects } from './row-objects.js';

/** The server ends a long statement itself; where it does not even answer, the connection is given up this much later. */
const GRACE_MS = 2_000;

/** How long a change of a table waits for others to let go of it, holding up everyone who comes after. */
const TABLE_LOCK_SECONDS = 5;

interface Answer {
  readonly rows: unknown;
  readonly fields: FieldPacket[] | undefined;
}

/** What all connections of a database share. */
export interface Shared {
  readonly flavor: Flavor;
  readonly statementTimeoutMs: number;
  /** The columns of indexes that errors have named. */
  readonly keys: Map<string, readonly string[]>;
}

/** One mysql2 connection; statements with parameters are prepared once and kept by the driver. */
export class MysqlConnection implements Connection {
  readonly #raw: RawConnection;
  readonly #shared: Shared;
  #broken = false;
  /** Why the server has undone the transaction by itself: nothing may follow but a rollback. */
  #doom: Error | undefined;
  #inTransaction = false;
  #schemaChange = false;
  #changed = false;
  #locks = false;
  #lastStatement = '';

  constructor(raw: RawConnection, shared: Shared) {
    this.#raw = raw;
    this.#shared = shared;
    raw.once('error', () => this.#break());
    raw.once('end', () => this.#break());
  }

  /** It must not be used again: it is gone, or left in the middle of a transaction. */
  get broken(): boolean {
    return this.#broken || this.#inTransaction;
  }

  /** For the one who waits for it. */
  get lastStatement(): string {
    return this.#lastStatement;
  }

  async all(sql: string, params: readonly unknown[]): Promise<RawRow[]> {
    if (sql === TAKE_LOCK) this.#locks = true;
    const { rows } = await this.#execute(sql, params);
    return Array.isArray(rows) ? (rows as RawRow[]) : [];
  }

  async objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    const { rows, fields } = await this.#execute(sql, params);
    return Array.isArray(rows) && fields ? toObjects(rows as RawRow[], fields) : [];
  }

  async run(sql: string, params: readonly unknown[]): Promise<number> {
    this.#changed = true;
    const { rows } = params.length === 0 ? await this.#text(sql) : await this.#execute(sql, params);
    return Array.isArray(rows) ? rows.length : (rows as { affectedRows: number }).affectedRows;
  }

  async begin(options: BeginOptions): Promise<void> {
    try {
      await this.#begin(options);
    } catch (error) {
      this.#break(); // who knows which of its settings are already in force
      throw error;
    }
  }

  async commit(): Promise<void> {
    if (this.#schemaChange && this.#changed) await this.#assertReferences();
    await this.#text('COMMIT');
    this.#inTransaction = false;
    this.#restore();
  }

  async rollback(): Promise<void> {
    if (this.#broken) throw new ConnectionError('The connection to the database is gone');
    this.#doom = undefined;
    this.#inTransaction = false;
    await this.#text('ROLLBACK');
    this.#restore();
  }

  /** Says goodbye and closes. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#broken) return resolve();
      this.#raw.end(() => resolve());
    });
  }

  destroy(): void {
    this.#break();
    this.#raw.destroy();
  }

  async #begin({ isolation, readOnly, schemaChange }: BeginOptions): Promise<void> {
    this.#doom = undefined;
    this.#changed = false;
    this.#schemaChange = schemaChange ?? false;
    // Tables may be made before those they reference; the references are checked as a whole at the end.
    if (this.#schemaChange) {
      const limits = `lock_wait_timeout = ${TABLE_LOCK_SECONDS}, ${statementLimitSql(this.#shared.flavor, 0)}`;
      await this.#text(`SET foreign_key_checks = 0, ${limits}`);
    }
    const level = isolation ?? (readOnly ? 'repeatable read' : undefined);
    if (level) await this.#text(`SET TRANSACTION ISOLATION LEVEL ${level.toUpperCase()}`);
    await this.#text(readOnly ? 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY' : 'BEGIN');
    this.#inTransaction = true;
  }

  #break(): void {
    this.#broken = true;
  }

  /** Nobody has to wait for the answers: whoever uses the connection next comes after them. */
  #restore(): void {
    if (this.#locks) this.#settle(RELEASE_LOCKS);
    this.#locks = false;
    if (!this.#schemaChange) return;
    this.#schemaChange = false;
    this.#shared.keys.clear();
    const { flavor, statementTimeoutMs } = this.#shared;
    const limits = `lock_wait_timeout = DEFAULT, ${statementLimitSql(flavor, statementTimeoutMs)}`;
    this.#settle(`SET foreign_key_checks = 1, ${limits}`);
  }

  #settle(sql: string): void {
    this.#text(sql).catch(() => this.#break());
  }

  async #assertReferences(): Promise<void> {
    const broken = await danglingReference(this);
    if (!broken) return;
    throw new ConstraintError(
      { kind: 'foreign_key', table: broken.table, columns: [broken.column] },
      `Rows of ${broken.table} would reference rows of ${broken.target} that do not exist`,
    );
  }

  #execute(sql: string, params: readonly unknown[]): Promise<Answer> {
    return this.#attempt(sql, (answer) => this.#raw.execute({ sql, values: params as never }, answer));
  }

  /** Without the prepared protocol, which does not know every statement. */
  #text(sql: string): Promise<Answer> {
    return this.#attempt(sql, (answer) => this.#raw.query(sql, answer));
  }

  async #attempt(
    sql: string,
    send: (answer: (error: unknown, rows: unknown, fields?: FieldPacket[]) => void) => void,
  ): Promise<Answer> {
    if (this.#doom) throw this.#doom;
    this.#lastStatement = sql;
    try {
      return await this.#send(sql, send);
    } catch (error) {
      throw await this.#explain(mapMysqlError(error, sql));
    }
  }

  #send(
    sql: string,
    send: (answer: (error: unknown, rows: unknown, fields?: FieldPacket[]) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = this.#deadline(sql, reject);
      send((error, rows, fields) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve({ rows, fields });
      });
    });
  }

  #deadline(sql: string, reject: (error: Error) => void): NodeJS.Timeout | undefined {
    const { statementTimeoutMs } = this.#shared;
    if (statementTimeoutMs === 0 || this.#schemaChange) return undefined;
    const limit = statementTimeoutMs + GRACE_MS;
    return setTimeout(() => {
      this.destroy();
      reject(new TimeoutError(`The database has not answered for ${limit} ms: ${sql.slice(0, 80)}`));
    }, limit);
  }

  async #explain(error: Error): Promise<Error> {
    if (endsConnection(error)) this.#break();
    if (this.#inTransaction && (this.#broken || endsTransaction(error))) this.#doom = error;
    if (!(error instanceof ConstraintError && error.kind === 'unique' && error.constraint !== undefined)) return error;
    return withColumns(error, await this.#columnsOfKey(error.table, error.constraint));
  }

  async #columnsOfKey(table: string, index: string): Promise<readonly string[]> {
    const { keys } = this.#shared;
    const name = `${table}.${index}`;
    const columns = keys.get(name) ?? (await indexColumns(this, table, index));
    keys.set(name, columns);
    return columns;
  }
}
