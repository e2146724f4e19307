import { indexIdentity, isOwnName } from '../../dialect/index-identity.js';
import {
  type ColumnCopy,
  type ColumnShape,
  type ForeignKeyShape,
  type IndexShape,
  pairsOf,
  type SchemaStep,
  type TableShape,
} from '../../dialect/shape.js';
import { quote, step } from '../quote.js';
import { isCounted } from './counters.js';
import { converted } from './retyping.js';
import { withNames, withRulesOfOthers } from './rules.js';
import { createTrigger } from './triggers.js';

const quoted = (names: readonly string[]): string => names.map(quote).join(', ');

export function createTable(table: TableShape): SchemaStep[] {
  return [
    step(tableSql(table.name, withNames(table)), `create table ${table.name}`),
    ...table.indexes.map((index) => createIndex(table.name, index)),
  ];
}

export function dropTable(name: string): SchemaStep[] {
  return [step(`DROP TABLE ${quote(name)}`, `drop table ${name}`)];
}

/** Additive changes run in place; any other one replaces the table, as SQLite's own manual (lang_altertable, 7) says to. */
export function changeTable(current: TableShape, wanted: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const target = withRulesOfOthers(current, withNames(wanted));
  const found = new Set(current.columns.map((column) => column.name));
  const added = target.columns.filter((column) => !found.has(column.name));
  if (needsRebuild(current, target, added)) return rebuild(current, target, copies);
  return [
    ...added.map((column) => addColumn(target, column)),
    ...copies.map((copy) => copyColumn(current, target, copy)),
    ...changeIndexes(current, target),
  ];
}

function needsRebuild(current: TableShape, target: TableShape, added: readonly ColumnShape[]): boolean {
  const addedNames = new Set(added.map((column) => column.name));
  const kept = (table: TableShape): string =>
    JSON.stringify([
      table.columns
        .filter((column) => !addedNames.has(column.name))
        .map((column) => JSON.stringify(column, SHAPE_KEYS))
        .sort(),
      table.checks.map((check) => check.name).sort(),
      table.foreignKeys
        .filter((key) => !addedNames.has(key.column))
        .map((key) => JSON.stringify(key, REFERENCE_KEYS))
        .sort(),
      table.primaryKey,
    ]);
  return kept(current) !== kept(target) || added.some((column) => !column.nullable && column.default === undefined);
}

const SHAPE_KEYS = ['name', 'type', 'nullable', 'default'];
const REFERENCE_KEYS = ['column', 'table', 'onDelete', 'pairs', 'onUpdate'];

function addColumn(table: TableShape, column: ColumnShape): SchemaStep {
  const references = table.foreignKeys
    .filter((key) => key.column === column.name)
    .map((key) => `${constraintSql(key)}${referenceSql(key)}`);
  const sql = `ALTER TABLE ${quote(table.name)} ADD COLUMN ${[columnSql(column), ...references].join(' ')}`;
  return step(sql, `add column ${table.name}.${column.name}`);
}

/** A column added just now holds its default in every row, which is nobody's choice and gives way to the old value. */
function copyColumn(current: TableShape, target: TableShape, { from, to, overwrite }: ColumnCopy): SchemaStep {
  const typeIn = (table: TableShape, name: string): string | undefined =>
    table.columns.find((column) => column.name === name)?.type;
  const isNew = typeIn(current, to) === undefined;
  const empty = isNew ? '' : `${quote(to)} IS NULL AND `;
  const where = overwrite ? '' : ` WHERE ${empty}${quote(from)} IS NOT NULL`;
  const value = converted(quote(from), typeIn(current, from) ?? '', typeIn(target, to) ?? '');
  return step(
    `UPDATE ${quote(target.name)} SET ${quote(to)} = ${value}${where}`,
    `copy ${target.name}.${from} to ${target.name}.${to}`,
  );
}

/** Indexes that someone made under names of their own are left alone. */
function changeIndexes(current: TableShape, target: TableShape): SchemaStep[] {
  const wanted = new Set(target.indexes.map(indexIdentity));
  const found = new Set(current.indexes.map(indexIdentity));
  const dropped = current.indexes.filter((index) => isOwnName(index.name) && !wanted.has(indexIdentity(index)));
  return [
    ...dropped.map(({ name }) => step(`DROP INDEX ${quote(name)}`, `drop index ${name}`)),
    ...target.indexes
      .filter((index) => !found.has(indexIdentity(index)))
      .map((index) => createIndex(target.name, index)),
  ];
}

function rebuild(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const temporary = `${target.name}__new`;
  const found = new Map(current.columns.map((column) => [column.name, column]));
  const sources = target.columns.filter(isWritten).flatMap((column) => {
    const source = sourceOf(
      column,
      found,
      copies.find((copy) => copy.to === column.name),
    );
    return source === undefined ? [] : [{ column: column.name, source }];
  });
  const description = `rebuild table ${target.name} (${describeRebuild(current, target)})`;
  return [
    step(`DROP TABLE IF EXISTS ${quote(temporary)}`, `${description}: clear an interrupted try`),
    step(tableSql(temporary, target), `${description}: new shape`),
    step(
      `INSERT INTO ${quote(temporary)} (${quoted(sources.map(({ column }) => column))}) SELECT ${sources.map(({ source }) => source).join(', ')} FROM ${quote(target.name)}`,
      `${description}: copy rows`,
    ),
    step(`DROP TABLE ${quote(target.name)}`, `${description}: drop the old shape`),
    step(`ALTER TABLE ${quote(temporary)} RENAME TO ${quote(target.name)}`, `${description}: take its place`),
    ...target.indexes.filter(({ constraint }) => !constraint).map((index) => createIndex(target.name, index)),
    ...(target.attachments ?? []).map(({ name, sql }) => step(sql, `${description}: keep ${name}`)),
    ...current.triggers.map((trigger) => createTrigger(target.name, trigger)),
  ];
}

function isWritten({ generated }: ColumnShape): boolean {
  return generated === undefined;
}

function sourceOf(
  column: ColumnShape,
  found: ReadonlyMap<string, ColumnShape>,
  copy: ColumnCopy | undefined,
): string | undefined {
  const existing = found.get(column.name);
  const own = existing ? converted(quote(column.name), existing.type, column.type) : column.default;
  const former = copy && found.get(copy.from);
  if (!copy || !former) return own;
  const old = converted(quote(copy.from), former.type, column.type);
  if (existing === undefined) return own === undefined ? old : `COALESCE(${old}, ${own})`;
  return copy.overwrite ? old : `COALESCE(${own}, ${old})`;
}

function describeRebuild(current: TableShape, target: TableShape): string {
  const wanted = new Map(target.columns.map((column) => [column.name, column]));
  const found = new Map(current.columns.map((column) => [column.name, column]));
  const changes = [
    ...current.columns.filter((column) => !wanted.has(column.name)).map((column) => `drop column ${column.name}`),
    ...target.columns.flatMap((column) => describeColumn(found.get(column.name), column)),
    ...difference(target.checks, current.checks).map((check) => `add check ${check.name}`),
    ...difference(current.checks, target.checks).map((check) => `drop check ${check.name}`),
  ];
  return changes.join(', ') || 'references';
}

function describeColumn(before: ColumnShape | undefined, after: ColumnShape): string[] {
  if (!before) return [`add column ${after.name}`];
  const changes: string[] = [];
  if (before.type !== after.type) changes.push(`change ${after.name} from ${before.type} to ${after.type}`);
  if (before.nullable !== after.nullable) changes.push(`${after.nullable ? 'relax' : 'require'} ${after.name}`);
  if (before.default !== after.default) changes.push(`change the default of ${after.name}`);
  return changes;
}

function difference<T extends { name: string }>(from: readonly T[], without: readonly T[]): T[] {
  const names = new Set(without.map((entry) => entry.name));
  return from.filter((entry) => !names.has(entry.name));
}

function createIndex(table: string, { name, columns, unique, liveOnly, descending, where }: IndexShape): SchemaStep {
  const parts = columns.map((column) => `${quote(column)}${descending?.includes(column) ? ' DESC' : ''}`);
  const conditions = [...(liveOnly ? ['"deleted_at" IS NULL'] : []), ...(where === undefined ? [] : [`(${where})`])];
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const kind = unique ? 'UNIQUE INDEX' : 'INDEX';
  return step(
    `CREATE ${kind} ${quote(name)} ON ${quote(table)} (${parts.join(', ')})${filter}`,
    `create ${kind.toLowerCase()} ${name}`,
  );
}

function tableSql(name: string, table: TableShape): string {
  const parts = [
    ...table.columns.map((column) => columnSql(column, isCounted(table, column))),
    ...(table.primaryKey.length > 0 && !table.columns.some((column) => isCounted(table, column))
      ? [`PRIMARY KEY (${quoted(table.primaryKey)})`]
      : []),
    ...table.checks.map((check) => `CONSTRAINT ${quote(check.name)} CHECK (${check.expression})`),
    ...table.indexes.filter(({ constraint }) => constraint).map(({ columns }) => `UNIQUE (${quoted(columns)})`),
    ...table.foreignKeys.map(
      (key) =>
        `${constraintSql(key)}FOREIGN KEY (${quoted(pairsOf(key).map(([column]) => column))}) ${referenceSql(key)}`,
    ),
  ];
  return `CREATE TABLE ${quote(name)} (\n  ${parts.join(',\n  ')}\n)`;
}

function constraintSql({ name }: ForeignKeyShape): string {
  return name === undefined ? '' : `CONSTRAINT ${quote(name)} `;
}

function referenceSql(key: ForeignKeyShape): string {
  const named = quoted(pairsOf(key).map(([, column]) => column));
  const update = key.onUpdate ? ` ON UPDATE ${key.onUpdate.toUpperCase()}` : '';
  return `REFERENCES ${quote(key.table)} (${named}) ON DELETE ${key.onDelete.toUpperCase()}${update}`;
}

function columnSql(column: ColumnShape, counted = false): string {
  const required = column.nullable ? '' : ' NOT NULL';
  const { generated } = column;
  if (generated) {
    const kept = generated.stored ? 'STORED' : 'VIRTUAL';
    return `${quote(column.name)} ${column.type}${required} GENERATED ALWAYS AS (${generated.expression}) ${kept}`;
  }
  if (counted) return `${quote(column.name)} INTEGER PRIMARY KEY AUTOINCREMENT${required}`;
  return `${quote(column.name)} ${column.type}${required}${column.default === undefined ? '' : ` DEFAULT ${column.default}`}`;
}
