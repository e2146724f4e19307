import { createHash } from 'node:crypto';
import { type ForeignKeyShape, pairsOf } from '../../dialect/shape.js';
import { quote, quoted } from '../quote.js';

const MAX_IDENTIFIER = 64;

/** Names of references are unique within a database; a long one is cut and told apart by a hash. */
export function foreignKeyName(table: string, key: ForeignKeyShape): string {
  const name = ['fk', table, ...columnsOf(key)].join('_');
  if (name.length <= MAX_IDENTIFIER) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_IDENTIFIER - 9)}_${hash}`;
}

/** The index that a reference needs, which the server would otherwise make by itself and drop by itself. */
export function foreignKeyIndexSql(table: string, key: ForeignKeyShape): string {
  return `KEY ${quote(foreignKeyName(table, key))} (${quoted(columnsOf(key))})`;
}

export function foreignKeySql(table: string, key: ForeignKeyShape): string {
  const named = quoted(pairsOf(key).map(([, column]) => column));
  const update = key.onUpdate ? ` ON UPDATE ${key.onUpdate.toUpperCase()}` : '';
  return (
    `CONSTRAINT ${quote(foreignKeyName(table, key))} FOREIGN KEY (${quoted(columnsOf(key))}) ` +
    `REFERENCES ${quote(key.table)} (${named}) ON DELETE ${key.onDelete.toUpperCase()}${update}`
  );
}

function columnsOf(key: ForeignKeyShape): string[] {
  return pairsOf(key).map(([column]) => column);
}
