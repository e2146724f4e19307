import { droppedColumns } from '../../dialect/dropped-columns.js';
import { type ForeignKeyShape, pairsOf, type TableShape } from '../../dialect/shape.js';
import { quote } from '../quote.js';
import type { Change } from './change-table.js';
import { foreignKeyIndexSql, foreignKeyName, foreignKeySql } from './foreign-keys.js';

const identityOf = ({ column, table, onDelete }: ForeignKeyShape): string => [column, table, onDelete].join(' ');

/** References that are not wanted any more, and those of others whose column goes. */
export function dropReferences(current: TableShape, target: TableShape): Change[] {
  const wanted = new Set(target.foreignKeys.map(identityOf));
  const renewed = new Set(renewedReferences(current, target).map(({ name }) => name));
  const lost = new Set(droppedColumns(current, target));
  const isUnwanted = (key: ForeignKeyShape): boolean => isOwnReference(key) && !wanted.has(identityOf(key));
  const isLost = (key: ForeignKeyShape): boolean => pairsOf(key).some(([column]) => lost.has(column));
  return current.foreignKeys
    .filter((key) => !renewed.has(key.name) && (isUnwanted(key) || isLost(key)))
    .flatMap((key) => [
      { sql: `DROP FOREIGN KEY ${quote(key.name ?? '')}`, text: `drop reference ${key.name}` },
      ...(isOwnReference(key) ? [{ sql: `DROP KEY ${quote(key.name ?? '')}`, text: `drop index ${key.name}` }] : []),
    ]);
}

/** Those that get another rule: the server takes no new one of the name in the statement that drops the old one. */
function renewedReferences(current: TableShape, target: TableShape): ForeignKeyShape[] {
  const wanted = new Map(target.foreignKeys.map((key) => [foreignKeyName(target.name, key), identityOf(key)]));
  return current.foreignKeys.filter(
    ({ name = '', ...key }) => (wanted.get(name) ?? identityOf(key)) !== identityOf(key),
  );
}

/** Their indexes stay. */
export function dropRenewed(current: TableShape, target: TableShape): Change[] {
  return renewedReferences(current, target).map(({ name = '' }) => ({
    sql: `DROP FOREIGN KEY ${quote(name)}`,
    text: `drop reference ${name}`,
  }));
}

export function addReferences(current: TableShape, target: TableShape): Change[] {
  const found = new Set(current.foreignKeys.map(identityOf));
  const renewed = new Set(renewedReferences(current, target).map(({ name }) => name));
  return target.foreignKeys
    .filter((key) => !found.has(identityOf(key)))
    .flatMap((key) => {
      const name = foreignKeyName(target.name, key);
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
