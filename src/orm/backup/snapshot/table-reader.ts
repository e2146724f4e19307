import { SchemaError } from '../../../base/errors.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { PageLimit, RawRow } from '../../dialect/driver.js';
import type { Portable } from '../../entity/codec.js';
import type { Scope } from '../../session/scope.js';
import { csvCell } from '../csv/csv-cell.js';
import type { StoredColumn, StoredTable } from '../manifest/description.js';
import { fieldOf, isForeignText } from '../manifest/table-shape.js';
import { codecOf } from '../values/column-text.js';
import { behind, type OrderPart, orderSql, type Place, rowOrder } from './row-order.js';

/** More rows make a page no faster. */
const PAGE_ROWS = 2_000;
/** What a page may hold of values without a bound, bytes. A single row may be larger. */
const PAGE_BYTES = 8 * 1024 * 1024;
const SHORT_STRING = 4_096;

type CellText = (raw: unknown) => string | null;

/**
 * The rows of one table, page by page in the order of its key, so that memory is bounded however large the table and its
 * values are. Without a key there is no place to go on from: the engine sorts all rows once and holds them. All pages must
 * be read inside one transaction that sees one moment.
 */
export class TableReader {
  readonly #scope: Scope;
  readonly #dialect: Dialect;
  readonly #table: StoredTable;
  readonly #cells: readonly CellText[];
  readonly #list: string;
  readonly #line: string[];
  readonly #order: readonly OrderPart[];

  constructor(scope: Scope, table: StoredTable) {
    const { dialect } = scope.core;
    this.#scope = scope;
    this.#dialect = dialect;
    this.#table = table;
    this.#cells = table.columns.map((column) => cellText(table, column, dialect));
    this.#list = table.columns
      .map((column) => {
        const name = dialect.quote(column.name);
        return isReadAsText(table, column, dialect) ? dialect.textOf(name) : name;
      })
      .join(', ');
    this.#line = new Array(table.columns.length);
    this.#order = rowOrder(table, dialect);
  }

  /** A raw row as a record of CSV, without its line end. */
  record(row: RawRow): string {
    for (let at = 0; at < row.length; at++) this.#line[at] = csvCell((this.#cells[at] as CellText)(row[at]));
    return this.#line.join(','); // a fifth faster than one behind the other
  }

  /** @throws SchemaError where they are not all rows that the table has. */
  async *pages(): AsyncGenerator<RawRow[]> {
    const { count, widest } = await this.#extent();
    let read = 0;
    const isKeyed = this.#table.primaryKey.length > 0;
    for await (const page of isKeyed ? this.pagesBehind(undefined, widest) : this.#sortedPages(widest)) {
      yield page;
      read += page.length;
    }
    this.assertAll(read, count);
  }

  /**
   * The rest of a table with a key.
   * @param place of the last row that is known; none is for the whole table.
   * @param widest how many bytes of values without a bound the largest row has, where it is known.
   */
  async *pagesBehind(place: Place | undefined, widest?: number): AsyncGenerator<RawRow[]> {
    const fixed = (widest ?? (await this.#extent()).widest) * PAGE_ROWS <= PAGE_BYTES;
    for (let last = place; ; ) {
      const limit = fixed ? PAGE_ROWS : await this.#fittingRows(last);
      const page = await this.#page(this.#list, last, limit);
      if (page.length > 0) yield page;
      if (page.length < limit) return;
      last = this.#placeOf(page.at(-1) as RawRow);
    }
  }

  /** The page that has the row behind a place, or the first one, and no other. */
  async *rowBehind(place: Place | undefined): AsyncGenerator<RawRow[]> {
    yield await this.#page(this.#list, place, 1);
  }

  /** Its key could sort otherwise than it compares. @throws SchemaError */
  assertAll(read: number, count: number): void {
    if (read === count) return;
    throw new SchemaError(
      `${this.#table.name} has ${count} rows, of which ${read} were read; its key cannot be paged by`,
    );
  }

  /** The whole table, which the engine sorts once, or twice where some rows are large. */
  async *#sortedPages(widest: number): AsyncGenerator<RawRow[]> {
    const sql = (list: string): string => `SELECT ${list} ${this.#sorted('')}`;
    const limit =
      widest * PAGE_ROWS <= PAGE_BYTES
        ? () => PAGE_ROWS
        : await fittingPages(this.#scope.cursor(sql(this.#size()), () => PAGE_ROWS));
    yield* this.#scope.cursor(sql(this.#list), limit);
  }

  /** How many rows fit into one page, where some are large: fewer are tried until they do. */
  async #fittingRows(last: Place | undefined): Promise<number> {
    for (let limit = PAGE_ROWS; limit > 1; limit = Math.ceil(limit / 4)) {
      const sizes = await this.#page(`${this.#size()} AS size`, last, limit);
      if (sizes.reduce((sum, [size]) => sum + Number(size), 0) <= PAGE_BYTES) return limit;
    }
    return 1;
  }

  /** How many rows there are, and how many bytes of values without a bound the largest one has. */
  async #extent(): Promise<{ count: number; widest: number }> {
    const widest = this.#unbounded().length === 0 ? '0' : `MAX(${this.#size()})`;
    const [row] = await this.#scope.all(`SELECT COUNT(*), ${widest} FROM ${this.#from()}`, []);
    return { count: Number(row?.[0]), widest: Number(row?.[1] ?? 0) };
  }

  #size(): string {
    const sizes = this.#unbounded().map((column) => {
      const value = this.#dialect.quote(column.name);
      const text = isForeignText(column) || column.type === 'json' ? this.#dialect.textOf(value) : value;
      return `COALESCE(OCTET_LENGTH(${text}), 0)`;
    });
    return sizes.join(' + ');
  }

  #unbounded(): StoredColumn[] {
    return this.#table.columns.filter((column) => !isShort(column));
  }

  #from(): string {
    return this.#dialect.quote(this.#table.name);
  }

  #page(list: string, last: Place | undefined, limit: number): Promise<RawRow[]> {
    const params: unknown[] = [];
    const where = last ? ` WHERE ${behind(this.#order, last, this.#dialect, params)}` : '';
    return this.#scope.all(`SELECT ${list} ${this.#sorted(where)} LIMIT ${limit}`, params);
  }

  #sorted(where: string): string {
    return `FROM ${this.#from()}${where} ORDER BY ${orderSql(this.#order, this.#table, this.#dialect)}`;
  }

  /** An integer is read as text, and compared as what it is. */
  #placeOf(row: RawRow): Place {
    return this.#order.map(({ at }) => {
      const isInteger = this.#table.columns[at]?.type === 'integer';
      return isInteger ? BigInt(row[at] as string) : this.#dialect.bind(row[at]);
    });
  }
}

/** How many rows go into each page, by what each row has of values without a bound; one alone where more rows come. */
async function fittingPages(sizes: AsyncIterable<RawRow[]>): Promise<PageLimit> {
  const pages: number[] = [];
  let [rows, bytes] = [0, 0];
  for await (const page of sizes)
    for (const [value] of page) {
      const size = Number(value);
      if (rows > 0 && (rows === PAGE_ROWS || bytes + size > PAGE_BYTES)) {
        pages.push(rows);
        [rows, bytes] = [0, 0];
      }
      rows += 1;
      bytes += size;
    }
  pages.push(rows);
  let at = 0;
  return () => pages[at++] ?? 1;
}

/** Whether its values are known to be short. */
export function isShort({ type, length = 0 }: StoredColumn): boolean {
  return !(type === 'text' || type === 'json' || type === 'blob' || (type === 'string' && length > SHORT_STRING));
}

/** Where the engine's own text is what is wanted, or nearer to it than the value that the driver would make of it. */
function isReadAsText(table: StoredTable, column: StoredColumn, dialect: Dialect): boolean {
  const { bigints, fromText } = dialect.column(fieldOf(table, column));
  return isForeignText(column) || bigints || fromText !== undefined;
}

function cellText(table: StoredTable, column: StoredColumn, dialect: Dialect): CellText {
  const { write } = codecOf(column.type);
  const isInteger = column.type === 'integer' || column.type === 'bigint'; // whose digits need no bigint
  const { fromText, fromRaw } = dialect.column(fieldOf(table, column));
  const read =
    isForeignText(column) || isInteger
      ? undefined
      : ((fromText ?? fromRaw) as ((raw: unknown) => Portable) | undefined);
  if (read === undefined) return (raw) => (raw === null ? null : write(raw as Portable));
  return (raw) => (raw === null ? null : write(read(raw)));
}
