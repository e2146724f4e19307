import { droppedColumns, mentionsAny } from '../../dialect/dropped-columns.js';
import { isOwnName } from '../../dialect/index-identity.js';
import { type ForeignKeyShape, pairsOf, type TableShape } from '../../dialect/shape.js';
import { constraintName } from '../../entity/constraint-name.js';

export function referenceName(table: string, { column }: ForeignKeyShape): string {
  return constraintName('fk', [table, column]);
}

/** A table that entities ask for: its references get names, by which a later migration knows them from those of others. */
export function withNames(table: TableShape): TableShape {
  return { ...table, foreignKeys: table.foreignKeys.map((key) => ({ ...key, name: referenceName(table.name, key) })) };
}

/**
 * The table as it is to be, with the rules that others gave it: whoever replaces a table has to take them along. A rule goes
 * with a column that goes.
 */
export function withRulesOfOthers(current: TableShape, target: TableShape): TableShape {
  const columns = new Set(target.columns.map(({ name }) => name));
  const lost = droppedColumns(current, target);
  const isReplaced = (key: ForeignKeyShape): boolean =>
    target.foreignKeys.some(({ column, table }) => column === key.column && table === key.table && !key.pairs);
  const hasColumns = (names: readonly string[]): boolean => names.every((name) => columns.has(name));
  const checks = current.checks.filter(({ name, expression }) => !isOwnName(name) && !mentionsAny(expression, lost));
  const keys = current.foreignKeys.filter(
    (key) => key.name === undefined && !isReplaced(key) && hasColumns(pairsOf(key).map(([column]) => column)),
  );
  return {
    ...target,
    checks: [...target.checks, ...checks],
    foreignKeys: [...target.foreignKeys, ...keys],
    indexes: [...target.indexes, ...current.indexes.filter((index) => index.constraint && hasColumns(index.columns))],
    attachments: current.attachments?.filter(({ sql }) => !mentionsAny(sql, lost)) ?? [],
  };
}
