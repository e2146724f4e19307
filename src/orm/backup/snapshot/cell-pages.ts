import { isUtf8 } from 'node:buffer';
import { CELL_END, type CellExport } from '../../dialect/cell-export.js';
import type { Dialect } from '../../dialect/dialect.js';
import type { Session } from '../../session/session.js';
import { countByte } from '../csv/count-byte.js';
import type { StoredTable } from '../manifest/description.js';
import { fieldOf } from '../manifest/table-shape.js';
import { behind, type OrderPart, orderSql, type Place, rowOrder } from './row-order.js';
import { isShort } from './table-reader.js';

/** The cells of some rows, as the engine wrote them. */
export interface CellPage {
  readonly cells: Buffer;
  readonly rows: number;
}

/** Pages of a table that the engine writes by itself. All must be read inside one transaction that sees one moment. */
export class CellPages {
  readonly #session: Session;
  readonly #dialect: Dialect;
  readonly #columns: number;
  readonly #order: readonly OrderPart[];
  readonly #orderSql: string;
  readonly #from: string;
  readonly #statement: (rows: string) => string;

  constructor(session: Session, table: StoredTable, cellExport: CellExport) {
    const { dialect } = session.core;
    const cells = table.columns.map((column) =>
      cellExport.text(fieldOf(table, column), dialect.quote(column.name), isShort(column)),
    );
    this.#session = session;
    this.#dialect = dialect;
    this.#columns = cells.length;
    this.#order = rowOrder(table, dialect);
    this.#orderSql = orderSql(this.#order, table, dialect);
    this.#from = `FROM ${dialect.quote(table.name)}`;
    this.#statement = (rows) => cellExport.statement(cells, rows);
  }

  async count(): Promise<number> {
    const [row] = await this.#session.all(`SELECT COUNT(*) ${this.#from}`, []);
    return Number(row?.[0]);
  }

  /** The place of the last of so many rows; `undefined` where there are fewer. */
  async end(place: Place | undefined, rows: number): Promise<Place | undefined> {
    const params: unknown[] = [];
    const key = this.#order.map(({ sql }) => sql).join(', ');
    const sql = `SELECT ${key} ${this.#rows(place, params)} OFFSET ?`;
    const [found] = await this.#session.all(sql, [...params, 1, rows - 1], true);
    return found;
  }

  /** @returns `undefined` where the engine is not sure of all of them, or a row is longer. @param longest bytes of a row. */
  async read(place: Place | undefined, rows: number, longest: number): Promise<CellPage | undefined> {
    const params: unknown[] = [];
    const sql = this.#statement(this.#rows(place, params));
    const [found] = await this.#session.all(sql, [...params, rows, longest]);
    const [cells, count] = found as [Buffer | null, number];
    if (cells === null) return { cells: Buffer.alloc(0), rows: count };
    const isWhole = isUtf8(cells) && countByte(cells, CELL_END) === count * this.#columns;
    return isWhole ? { cells, rows: count } : undefined;
  }

  #rows(place: Place | undefined, params: unknown[]): string {
    const where = place ? ` WHERE ${behind(this.#order, place, this.#dialect, params)}` : '';
    return `${this.#from}${where} ORDER BY ${this.#orderSql} LIMIT ?`;
  }
}
