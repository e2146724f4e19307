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

/** The values that a row has in the parts of the order, as they are bound. */
export type Place = readonly unknown[];

/**
 * What is true of the rows behind a place: `(a, b) > (x, y)` in the form of which every server uses the index, first the
 * bound of its first column.
 * @param params takes the values.
 */
export function behind(parts: readonly OrderPart[], place: Place, { placeholder }: Dialect, params: unknown[]): string {
  const next = (at: number): string => placeholder(params.push(place[at])); // bound in the order in which they are asked for
  const key = parts.map(({ sql }) => sql);
  const [first, ...others] = key;
  if (others.length === 0) return `${first} > ${next(0)}`;
  const bound = `${first} >= ${next(0)}`;
  const beyond = key.map((column, at) => {
    const same = key.slice(0, at).map((earlier, position) => `${earlier} = ${next(position)}`);
    return `(${[...same, `${column} > ${next(at)}`].join(' AND ')})`;
  });
  return `${bound} AND (${beyond.join(' OR ')})`;
}
