import { droppedColumns } from '../../dialect/dropped-columns.js';
import { type ForeignKeyShape, pairsOf, type TableShape } from '../../dialect/shape.js';
import { quote } from '../quote.js';
import type { Change } from './change-table.js';
import { foreignKeyIndexSql, foreignKeyName, foreignKeySql } from './foreign-keys.js';

const identityOf = ({ column, table, onDelete }: ForeignKeyShape): string => [column, table, onDelete].join(' ');

/**
 * References that are not wanted any more, those that stand in the way of a change and come back, and those of others whose
 * column goes.
 */
export function dropReferences(current: TableShape, target: TableShape): Change[] {
  const wanted = new Set(target.foreignKeys.map(identityOf));
  const renewed = renewedReferences(current, target);
  const lost = new Set(droppedColumns(current, target));
  const isUnwanted = (key: ForeignKeyShape): boolean => isOwnReference(key) && !wanted.has(identityOf(key));
  const isLost = (key: ForeignKeyShape): boolean => pairsOf(key).some(([column]) => lost.has(column));
  return current.foreignKeys
    .filter((key) => renewed.has(key.name) || isUnwanted(key) || isLost(key))
    .flatMap((key) => {
      const reference = { sql: `DROP FOREIGN KEY ${quote(key.name ?? '')}`, text: `drop reference ${key.name}` };
      if (!isOwnReference(key) || renewed.has(key.name)) return [reference];
      return [reference, { sql: `DROP KEY ${quote(key.name ?? '')}`, text: `drop index ${key.name}` }];
    });
}

/**
 * Names of those that get another rule, which the server does not take in the statement that drops the old one, and of those
 * whose column gets another type or is required from now on, which the server does to no column of a reference. Their indexes
 * stay.
 */
function renewedReferences(current: TableShape, target: TableShape): ReadonlySet<string | undefined> {
  const wanted = new Map(target.foreignKeys.map((key) => [foreignKeyName(target.name, key), identityOf(key)]));
  const found = new Map(current.columns.map((column) => [column.name, column]));
  const changed = target.columns.filter(({ name, type, nullable }) => {
    const before = found.get(name);
    return before && (before.type !== type || before.nullable !== nullable);
  });
  const names = new Set(changed.map(({ name }) => name));
  const renewed = current.foreignKeys.filter((key) => {
    const identity = wanted.get(key.name ?? '');
    return identity !== undefined && (identity !== identityOf(key) || names.has(key.column));
  });
  return new Set(renewed.map(({ name }) => name));
}

export function addReferences(current: TableShape, target: TableShape): Change[] {
  const found = new Set(current.foreignKeys.map(identityOf));
  const renewed = renewedReferences(current, target);
  return target.foreignKeys.flatMap((key) => {
    const name = foreignKeyName(target.name, key);
    if (found.has(identityOf(key)) && !renewed.has(name)) return [];
    const index = { sql: `ADD ${foreignKeyIndexSql(target.name, key)}`, text: `add index ${name}` };
    const reference = {
      sql: `ADD ${foreignKeySql(target.name, key)}`,
      text: `add reference ${key.column} to ${key.table}`,
    };
    return renewed.has(name) ? [reference] : [index, reference];
  });
}

function isOwnReference({ name = '' }: ForeignKeyShape): boolean {
  return name.startsWith('fk_');
}
