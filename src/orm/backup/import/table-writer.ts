import type { Dialect } from '../../dialect/dialect.js';
import type { Portable } from '../../entity/codec.js';
import type { Scope } from '../../session/scope.js';
import { chunks, fewSizes } from '../../sql/write/chunks.js';
import type { StoredColumn, StoredTable } from '../manifest/description.js';
import { fieldOf, isComputed } from '../manifest/table-shape.js';
import type { PortableRow } from './read-rows.js';

/** Rows of one list of values: more make a statement no faster. */
const ROWS_OF_LIST = 500;
/** A third faster than one by one. */
const ROWS_OF_EMBEDDED_LIST = 10;

interface Column {
  /** In a row of the backup. */
  readonly at: number;
  readonly quoted: string;
  readonly type: string;
  /** Its values are text that the engine casts. */
  readonly native: boolean;
  readonly toRaw: (portable: Portable) => unknown;
}

/** Inserts the rows of a backup in the fastest way that an engine has, without a word to listeners or histories. */
export class TableWriter {
  readonly #scope: Scope;
  readonly #dialect: Dialect;
  readonly #target: string;
  readonly #columns: readonly Column[];

  /** @param name the table that takes the rows, where it is not yet called as it is described. */
  constructor(scope: Scope, table: StoredTable, name = table.name) {
    const { dialect } = scope.core;
    this.#scope = scope;
    this.#dialect = dialect;
    this.#target = dialect.quote(name);
    this.#columns = table.columns.flatMap((column, at) =>
      isComputed(column, dialect) ? [] : [writtenColumn(table, column, at, dialect)],
    );
  }

  async write(rows: readonly PortableRow[]): Promise<void> {
    if (rows.length === 0) return;
    const raw = rows.map((row) => this.#columns.map(({ toRaw, at }) => toRaw(row[at] as Portable)));
    const { capabilities, arrays } = this.#dialect;
    if (arrays)
      await this.#scope.run(
        this.#arraysSql(),
        this.#columns.map((_, at) => arrays.encode(raw.map((row) => row[at]))),
      );
    else if (capabilities.embedded) await this.#runLists(raw);
    else {
      const most = Math.min(ROWS_OF_LIST, this.#mostRows());
      for (const chunk of chunks(raw, fewSizes(most)))
        await this.#scope.run(this.#listSql(chunk.length), valuesOf(chunk));
    }
  }

  /** Without a round trip a statement costs little, so that few rows are enough, and one text of it is. */
  async #runLists(raw: ReadonlyArray<readonly unknown[]>): Promise<void> {
    const rows = Math.max(1, Math.min(ROWS_OF_EMBEDDED_LIST, this.#mostRows()));
    const whole = raw.length - (raw.length % rows);
    const lists = chunks(raw.slice(0, whole), () => rows).map(valuesOf);
    if (lists.length > 0) await this.#scope.runEach(this.#listSql(rows), lists);
    if (whole < raw.length) await this.#scope.runEach(this.#listSql(1), raw.slice(whole));
  }

  #mostRows(): number {
    return Math.floor(this.#dialect.capabilities.maxParameters / this.#columns.length);
  }

  #into(): string {
    return `INSERT INTO ${this.#target} (${this.#columns.map(({ quoted }) => quoted).join(', ')})`;
  }

  #arraysSql(): string {
    const { placeholder, arrays } = this.#dialect;
    const typed = this.#columns.map(
      ({ type, native }, at) => `${placeholder(at + 1)}::${native ? 'text' : arrays?.elementType(type)}[]`,
    );
    const names = this.#columns.map((_, at) => `c${at}`).join(', ');
    const values = this.#columns.map(({ native, type }, at) => (native ? `v.c${at}::${type}` : `v.c${at}`));
    return `${this.#into()} SELECT ${values.join(', ')} FROM unnest(${typed.join(', ')}) AS v(${names})`;
  }

  #listSql(rows: number): string {
    const row = `(${this.#columns.map((_, at) => this.#dialect.placeholder(at + 1)).join(', ')})`;
    return `${this.#into()} VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
  }
}

/** What `flat()` gives, in a fifth of the time. */
function valuesOf(rows: ReadonlyArray<readonly unknown[]>): unknown[] {
  const values: unknown[] = [];
  for (const row of rows) for (let at = 0; at < row.length; at++) values.push(row[at]);
  return values;
}

function writtenColumn(table: StoredTable, column: StoredColumn, at: number, dialect: Dialect): Column {
  const native = column.native?.engine === dialect.name ? column.native.sql : undefined;
  const { type, toRaw } = dialect.column(fieldOf(table, column));
  const encode = native === undefined ? (toRaw as ((portable: Portable) => unknown) | undefined) : undefined;
  return {
    at,
    quoted: dialect.quote(column.name),
    type: native ?? type,
    native: native !== undefined,
    toRaw: encode ? (portable) => (portable === null ? null : encode(portable)) : (portable) => portable,
  };
}
