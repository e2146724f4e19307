import type { Dialect } from '../../dialect/dialect.js';
import type { FieldType } from '../../entity/field-types.js';
import type { StoredTable } from '../manifest/description.js';

const TEXTUAL: ReadonlySet<FieldType> = new Set(['string', 'text', 'uuid']);

/** One part of the order of rows. */
export interface OrderPart {
  /** Of the column in a row. */
  readonly at: number;
  readonly sql: string;
}

/** What the rows of a table are sorted by, the same on every engine: its key, or every column where it has none. */
export function rowOrder({ columns, primaryKey }: StoredTable, dialect: Dialect): OrderPart[] {
  const names = primaryKey.length > 0 ? primaryKey : columns.map(({ name }) => name);
  return names.map((wanted) => {
    const at = columns.findIndex(({ name }) => name === wanted);
    const column = columns[at];
    const quoted = dialect.quote(wanted);
    const isText = column !== undefined && TEXTUAL.has(column.type);
    return { at, sql: isText ? dialect.foreignTables.byBytes(quoted, column.native !== undefined) : quoted };
  });
}

/** Without a key a column that sorts may hold NULL, which comes first. */
export function orderSql(parts: readonly OrderPart[], { primaryKey }: StoredTable, { nullOrder }: Dialect): string {
  return parts.map(({ sql }) => (primaryKey.length > 0 ? sql : `${sql}${nullOrder.asc}`)).join(', ');
}
