import type { Dialect } from '../../dialect/dialect.js';
import type { ColumnShape, TableShape } from '../../dialect/shape.js';
import { describedField, type FieldMeta } from '../../entity/metadata.js';
import { placeholders } from '../../sql/read/fragment.js';
import { renderTokens, tokenizeCondition } from '../../sql/tokenizer.js';
import { codecOf } from '../values/column-text.js';
import type { EngineSql, StoredColumn, StoredCondition, StoredTable } from './description.js';

/** The field that stands for a described column, so that engines treat it as one of their own. */
export function fieldOf(table: StoredTable, column: StoredColumn): FieldMeta {
  const refers =
    column.refers ?? table.foreignKeys.some((key) => key.pairs === undefined && key.column === column.name);
  const { type, length, precision, scale, nullable } = column;
  return describedField(column.name, {
    type: type === 'integer' ? 'bigint' : type, // so that no digit is lost
    nullable,
    ...(length !== undefined && { length }),
    ...(precision !== undefined && { precision }),
    ...(scale !== undefined && { scale }),
    ...(refers && { references: () => Object }),
  });
}

/** Whether its values are the text that the engine has of a type that no field has. */
export function isForeignText({ type, native }: StoredColumn): boolean {
  return native !== undefined && type === 'text';
}

/** A described table as an engine makes it. What is written in another engine's SQL is left to the next migration. */
export function tableShape(table: StoredTable, dialect: Dialect): TableShape {
  const shape = describedShape(table, dialect);
  const counts = (column: ColumnShape): boolean => dialect.counters.fits(shape, column);
  return {
    ...shape,
    columns: shape.columns.map(({ counter, ...column }) => ({
      ...column,
      ...(counter && counts({ ...column, counter }) && { counter }),
    })),
  };
}

function describedShape(table: StoredTable, dialect: Dialect): TableShape {
  const sqlOf = (condition: StoredCondition): string | undefined => conditionSql(condition, dialect);
  return {
    name: table.name,
    columns: table.columns.map((column) => columnShape(table, column, dialect)),
    primaryKey: table.primaryKey,
    checks: table.checks.flatMap(({ name, condition }) => {
      const expression = sqlOf(condition);
      return expression === undefined ? [] : [{ name, expression }];
    }),
    foreignKeys: table.foreignKeys,
    indexes: table.indexes.flatMap(({ where, ...index }) => {
      if (where === undefined) return [index];
      const sql = sqlOf(where);
      return sql === undefined ? [] : [{ ...index, where: sql }];
    }),
    triggers: [],
  };
}

function columnShape(table: StoredTable, column: StoredColumn, dialect: Dialect): ColumnShape {
  const field = fieldOf(table, column);
  const isNative = column.native?.engine === dialect.name;
  return {
    name: column.name,
    type: isNative ? (column.native?.sql ?? '') : dialect.column(field).type,
    nullable: column.nullable,
    default: defaultSql(column, field, dialect),
    ...(column.counter && { counter: column.counter }),
    ...(column.check?.engine === dialect.name && { check: column.check.sql }),
    ...(isComputed(column, dialect) && {
      generated: { expression: column.generated.sql, stored: column.generated.stored },
    }),
  };
}

/** Whether the engine computes the values, so that none can be written. */
export function isComputed(
  column: StoredColumn,
  { name }: Dialect,
): column is StoredColumn & { generated: NonNullable<StoredColumn['generated']> } {
  return column.generated?.engine === name;
}

function defaultSql({ type, default: stored }: StoredColumn, field: FieldMeta, dialect: Dialect): string | undefined {
  if (stored === undefined) return undefined;
  if (typeof stored === 'object') return ownDefault(stored, dialect);
  const toRaw = dialect.column(field).toRaw as ((portable: unknown) => unknown) | undefined;
  const portable = codecOf(type).read(stored);
  return dialect.literal(toRaw ? toRaw(portable) : portable);
}

function conditionSql(condition: StoredCondition, dialect: Dialect): string | undefined {
  if (typeof condition === 'object') return condition.engine === dialect.name ? condition.sql : undefined;
  return renderTokens(tokenizeCondition(condition, dialect.misleading), dialect.quote, placeholders(dialect)).sql;
}

/** A sequence goes with the table it counts for, so that no new table can name it. */
function ownDefault({ engine, sql }: EngineSql, dialect: Dialect): string | undefined {
  return engine === dialect.name && !/\bnextval\(/i.test(sql) ? sql : undefined;
}
