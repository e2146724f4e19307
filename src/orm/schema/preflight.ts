import type { Dialect } from '../dialect/dialect.js';
import type { ColumnCopy, ForeignKeyShape, IndexShape, TableShape } from '../dialect/shape.js';
import type { Session } from '../session/session.js';

/** Counts the rows that a constraint would refuse, before anything is changed. */
export class Preflight {
  readonly #session: Session;
  readonly #dialect: Dialect;
  readonly #table: string;
  readonly #rows: string;
  /** Of the columns as they are wanted. */
  readonly #types: ReadonlyMap<string, string>;

  /** @param copies columns that will be filled from others, so that the rows are judged as they will be. */
  constructor(session: Session, current: TableShape, desired: TableShape, copies: readonly ColumnCopy[]) {
    this.#session = session;
    this.#dialect = session.core.dialect;
    this.#table = this.#dialect.quote(current.name);
    this.#types = new Map(desired.columns.map(({ name, type }) => [name, type]));
    this.#rows = futureRows(this.#dialect, current, desired, copies);
  }

  missing(column: string): Promise<number> {
    return this.#count(`SELECT COUNT(*) FROM ${this.#rows} WHERE ${this.#dialect.quote(column)} IS NULL`);
  }

  violating(expression: string): Promise<number> {
    return this.#count(`SELECT COUNT(*) FROM ${this.#rows} WHERE NOT (${expression})`);
  }

  /** Rows as they are now that meet a condition. */
  present(condition: string): Promise<number> {
    return this.#count(`SELECT COUNT(*) FROM ${this.#table} WHERE ${condition}`);
  }

  duplicates(index: IndexShape): Promise<number> {
    const columns = index.columns.map(this.#dialect.quote);
    const conditions = columns.map((column) => `${column} IS NOT NULL`);
    if (index.liveOnly) conditions.push(`${this.#dialect.quote('deleted_at')} IS NULL`);
    if (index.where !== undefined) conditions.push(`(${index.where})`);
    const groups = `SELECT 1 FROM ${this.#rows} WHERE ${conditions.join(' AND ')} GROUP BY ${columns.join(', ')} HAVING COUNT(*) > 1`;
    return this.#count(`SELECT COUNT(*) FROM (${groups}) doubled`);
  }

  /** @param target the table that holds the referenced rows now; none when there are none yet. */
  dangling(key: ForeignKeyShape, target: string | undefined): Promise<number> {
    const column = this.#dialect.quote(key.column);
    const type = this.#types.get(key.column) ?? '';
    const value = this.#dialect.cast(`future.${column}`, type); // a field may become a reference and change its type by that
    const found = target
      ? ` AND NOT EXISTS (SELECT 1 FROM ${this.#dialect.quote(target)} target WHERE target.${this.#dialect.quote('id')} = ${value})`
      : '';
    return this.#count(`SELECT COUNT(*) FROM ${this.#rows} WHERE ${column} IS NOT NULL${found}`);
  }

  async #count(sql: string): Promise<number> {
    const [row] = await this.#session.all(sql, []);
    return Number(row?.[0]);
  }
}

function futureRows(dialect: Dialect, current: TableShape, desired: TableShape, copies: readonly ColumnCopy[]): string {
  const { quote } = dialect;
  const found = new Set(current.columns.map((column) => column.name));
  const columns = desired.columns.map((column) => {
    const copy = copies.find((candidate) => candidate.to === column.name);
    const fallback = dialect.cast(column.default ?? 'NULL', column.type);
    const own = found.has(column.name) ? quote(column.name) : fallback;
    return `${copy ? copiedValue(quote(copy.from), copy, own, fallback) : own} AS ${quote(column.name)}`;
  });
  return `(SELECT ${columns.join(', ')} FROM ${quote(current.name)}) future`;
}

/** A column that nobody else has written yet is to hold what the older one holds, or its default. */
function copiedValue(source: string, { overwrite, fresh }: ColumnCopy, own: string, fallback: string): string {
  if (overwrite) return source;
  return fresh ? `COALESCE(${source}, ${fallback})` : `COALESCE(${own}, ${source})`;
}
