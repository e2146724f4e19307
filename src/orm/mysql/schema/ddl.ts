import type { CheckShape, ColumnShape, IndexShape, SchemaStep, TableShape } from '../../dialect/shape.js';
import type { Flavor } from '../flavor.js';
import { quote, quoted, step } from '../quote.js';
import { foreignKeyIndexSql, foreignKeySql } from './foreign-keys.js';
import { indexParts } from './index-parts.js';

/** The table, its indexes, checks and references in one statement, which the server runs whole or not at all. */
export function createTable(flavor: Flavor, table: TableShape): SchemaStep[] {
  return [step(tableSql(flavor, table), `create table ${table.name}`)];
}

export function dropTable(name: string): SchemaStep[] {
  return [step(`DROP TABLE IF EXISTS ${quote(name)}`, `drop table ${name}`)];
}

function tableSql(flavor: Flavor, table: TableShape): string {
  const generated = table.indexes.flatMap((index) =>
    indexParts(table, index).flatMap((part) => (part.generated ? [part.generated.definition] : [])),
  );
  const parts = [
    ...table.columns.map((column) => columnSql(flavor, keyIsRequired(table, column))),
    ...generated,
    ...(table.primaryKey.length > 0 ? [`PRIMARY KEY (${quoted(table.primaryKey)})`] : []),
    ...table.indexes.map((index) => indexSql(table, index)),
    ...table.checks.map(checkSql),
    ...table.foreignKeys.flatMap((key) => [foreignKeyIndexSql(table.name, key), foreignKeySql(table.name, key)]),
  ];
  return (
    `CREATE TABLE ${quote(table.name)} (\n  ${parts.join(',\n  ')}\n) ` +
    `ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE ${flavor.collation}`
  );
}

/** SQLite lets a key be NULL, and says so also where none is. */
function keyIsRequired({ primaryKey }: TableShape, column: ColumnShape): ColumnShape {
  return primaryKey.includes(column.name) ? { ...column, nullable: false } : column;
}

export function indexSql(table: TableShape, index: IndexShape): string {
  const parts = indexParts(table, index).map((part) => part.sql);
  return `${index.unique ? 'UNIQUE ' : ''}KEY ${quote(index.name)} (${parts.join(', ')})`;
}

export function checkSql(check: CheckShape): string {
  return `CONSTRAINT ${quote(check.name)} CHECK (${check.expression})`;
}

const TEXTUAL = /^(?:(?:var)?char\(\d+\)|longtext)$/;
const NEEDS_EXPRESSION = /^(?:long)?(?:text|blob)\b/;

/** The collation is named, for a table that someone else made may have another one. */
export function columnSql(flavor: Flavor, column: ColumnShape): string {
  const collation = TEXTUAL.test(column.type) ? ` COLLATE ${flavor.collation}` : '';
  const { generated } = column;
  const check = column.check === undefined ? '' : ` CHECK (${column.check})`;
  if (generated) {
    const kept = generated.stored ? 'STORED' : 'VIRTUAL';
    return `${quote(column.name)} ${column.type}${collation} GENERATED ALWAYS AS (${generated.expression}) ${kept}${check}`;
  }
  const required = column.nullable ? ' NULL' : ' NOT NULL';
  const value = column.counter ? ' AUTO_INCREMENT' : defaultSql(column);
  return `${quote(column.name)} ${column.type}${collation}${required}${value}${check}`;
}

/** MySQL takes a default of a text or blob column only as an expression; MariaDB takes either. */
function defaultSql({ type, default: fallback }: ColumnShape): string {
  if (fallback === undefined) return '';
  return NEEDS_EXPRESSION.test(type) ? ` DEFAULT (${fallback})` : ` DEFAULT ${fallback}`;
}
