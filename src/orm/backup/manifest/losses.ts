import type { Dialect } from '../../dialect/dialect.js';
import type { ColumnShape } from '../../dialect/shape.js';
import type { EngineSql, StoredColumn, StoredCondition, StoredTable } from './description.js';
import { isComputed, tableShape } from './table-shape.js';

/**
 * What described tables have that an engine cannot make again: SQL of another engine above all. The values of all columns
 * are kept whatever is lost. What an entity declares, the migration behind a restore makes again.
 * @returns a sentence for each, beginning with `table.what`.
 */
export function lossesOf(schema: readonly StoredTable[], dialect: Dialect): string[] {
  return schema.flatMap((table) => {
    const shape = tableShape(table, dialect);
    const columns = new Map(shape.columns.map((column) => [column.name, column]));
    const [checks, indexes] = [shape.checks, shape.indexes].map((kept) => new Set(kept.map(({ name }) => name)));
    const lost = (what: string, why: string): string => `${table.name}.${what} ${why}`;
    return [
      ...table.columns.flatMap((column) =>
        lossesOfColumn(column, columns.get(column.name), dialect).map((why) => lost(column.name, why)),
      ),
      ...table.checks
        .filter(({ name }) => !checks?.has(name))
        .map(({ name, condition }) => lost(name, `no longer checks rows; it was ${textOf(condition)}`)),
      ...table.indexes
        .filter(({ name }) => !indexes?.has(name))
        .map(({ name, where = '' }) => lost(name, `is not made; it was an index of rows where ${textOf(where)}`)),
    ];
  });
}

function lossesOfColumn(column: StoredColumn, found: ColumnShape | undefined, dialect: Dialect): string[] {
  const { counter, check, generated, default: fallback } = column;
  return [
    ...(counter && !found?.counter ? ['no longer numbers rows by itself'] : []),
    ...(generated && !isComputed(column, dialect)
      ? [`is no longer computed, but keeps its values; it was ${textOf(generated)}`]
      : []),
    ...(fallback !== undefined && found?.default === undefined ? [`has no default; it was ${textOf(fallback)}`] : []),
    ...(check && found?.check === undefined ? [`no longer checks its values; it was ${textOf(check)}`] : []),
  ];
}

function textOf(sql: StoredCondition | EngineSql): string {
  return typeof sql === 'object' ? `${sql.sql} (${sql.engine})` : sql;
}
