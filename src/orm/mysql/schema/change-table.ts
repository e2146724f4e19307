import { droppedColumns, mentionsAny } from '../../dialect/dropped-columns.js';
import { isOwnName } from '../../dialect/index-identity.js';
import type { ColumnCopy, ColumnShape, IndexShape, SchemaStep, TableShape } from '../../dialect/shape.js';
import type { Flavor } from '../flavor.js';
import { quote, step } from '../quote.js';
import { addReferences, dropReferences } from './changed-references.js';
import { checkSql, columnSql, indexSql } from './ddl.js';
import { indexParts } from './index-parts.js';
import { misfits, widens } from './widening.js';

/**
 * Three phases, each of which may be repeated: new columns come as nullable ones, are filled, and then one ALTER TABLE
 * makes everything else true, after one that drops references and before one that adds them. A server that commits every change of a table by itself can be stopped between any two of
 * them, and the next start finds what is left to do.
 */
export function changeTable(
  flavor: Flavor,
  current: TableShape,
  target: TableShape,
  copies: readonly ColumnCopy[],
): SchemaStep[] {
  const { early, late } = phases(flavor, current, target, copies);
  return [...early, ...copies.map((copy) => copyColumn(target, copy)), ...late];
}

/** What comes before the copies, and what comes after them. */
export function phases(
  flavor: Flavor,
  current: TableShape,
  target: TableShape,
  copies: readonly ColumnCopy[],
): { early: SchemaStep[]; late: SchemaStep[] } {
  const found = new Map(current.columns.map((column) => [column.name, column]));
  const added = target.columns.filter((column) => !found.has(column.name));
  const filled = new Set(copies.map((copy) => copy.to));
  const early = added.map((column) =>
    comesEarly(column, filled) ? { ...column, nullable: true, default: undefined } : column,
  );
  const between = new Map([...found, ...early.map((column) => [column.name, column] as const)]);
  const additions = early.map((column) => ({
    sql: `ADD COLUMN ${columnSql(flavor, column)}`,
    text: `add column ${column.name}`,
  }));
  return {
    early: alter(target.name, additions),
    late: [
      ...target.columns.flatMap((column) => cutText(target, between.get(column.name), column)),
      ...alter(target.name, dropReferences(current, target)),
      ...alter(target.name, finalChanges(flavor, current, target, between)),
      ...alter(target.name, addReferences(current, target)),
    ],
  };
}

/** A column that is about to be filled must be empty until then; a required one without default must never hold ''. */
function comesEarly(column: ColumnShape, filled: ReadonlySet<string>): boolean {
  return filled.has(column.name) || (!column.nullable && column.default === undefined);
}

export interface Change {
  readonly sql: string;
  readonly text: string;
}

export function alter(table: string, changes: readonly Change[]): SchemaStep[] {
  if (changes.length === 0) return [];
  const sql = `ALTER TABLE ${quote(table)}\n  ${changes.map((change) => change.sql).join(',\n  ')}`;
  return [step(sql, `change table ${table} (${changes.map((change) => change.text).join(', ')})`)];
}

/** What the new column is to hold. */
export function copiedValue(table: TableShape, { from, to, overwrite }: ColumnCopy): string {
  const column = table.columns.find((candidate) => candidate.name === to);
  const fallback = overwrite && column?.nullable ? undefined : column?.default;
  return fallback === undefined ? quote(from) : `COALESCE(${quote(from)}, ${fallback})`;
}

function copyColumn(table: TableShape, copy: ColumnCopy): SchemaStep {
  const { from, to, overwrite } = copy;
  const value = copiedValue(table, copy);
  const missing = overwrite ? '' : ` WHERE ${quote(to)} IS NULL`;
  return step(
    `UPDATE ${quote(table.name)} SET ${quote(to)} = ${value}${missing}`,
    `copy ${table.name}.${from} to ${table.name}.${to}`,
  );
}

/** The server refuses to make a column too short for what it holds; where that was allowed, the text is cut before. */
function cutText(table: TableShape, before: ColumnShape | undefined, { name, type }: ColumnShape): SchemaStep[] {
  const length = /^(?:var)?char\((\d+)\)/.exec(type)?.[1];
  if (!before || length === undefined || widens(before.type, type)) return [];
  const tooLong = misfits(quote(name), before.type, type);
  if (tooLong === undefined) return [];
  const cut = `UPDATE ${quote(table.name)} SET ${quote(name)} = LEFT(${quote(name)}, ${length}) WHERE ${tooLong}`;
  return [step(cut, `cut ${table.name}.${name} to ${length} characters`)];
}

/** What one ALTER TABLE makes of the table, but for its references, once its columns are filled. Old constraints go first. */
function finalChanges(
  flavor: Flavor,
  current: TableShape,
  target: TableShape,
  between: ReadonlyMap<string, ColumnShape>,
): Change[] {
  const indexes = changedIndexes(flavor, current, target);
  const dropped = indexes.dropped.flatMap((index) => indexColumnsOf(current, index));
  const kept = { ...current, indexColumns: current.indexColumns?.filter((name) => !dropped.includes(name)) };
  const lost = droppedColumns(current, target);
  return [
    ...named(current.checks, target.checks)
      .filter((check) => isOwn(check) || mentionsAny(check.expression, lost))
      .map(({ name }) => ({
        sql: `DROP CONSTRAINT ${quote(name)}`,
        text: `drop check ${name}`,
      })),
    ...indexes.dropped.flatMap((index) => dropIndex(current, index)),
    ...target.columns.flatMap((column) => modify(flavor, between.get(column.name), column)),
    ...lost.map((name) => ({ sql: `DROP COLUMN ${quote(name)}`, text: `drop column ${name}` })),
    ...indexes.added.flatMap((index) => [...addIndexColumns(kept, target, index), addKey(target, index)]),
    ...named(target.checks, current.checks).map((check) => ({
      sql: `ADD ${checkSql(check)}`,
      text: `add check ${check.name}`,
    })),
  ];
}

function modify(flavor: Flavor, before: ColumnShape | undefined, after: ColumnShape): Change[] {
  if (!before) return [];
  const changes: string[] = [];
  if (before.type !== after.type) changes.push(`change ${after.name} from ${before.type} to ${after.type}`);
  if (before.nullable !== after.nullable) changes.push(`${after.nullable ? 'relax' : 'require'} ${after.name}`);
  if (before.default !== after.default) changes.push(`change the default of ${after.name}`);
  if (changes.length === 0) return [];
  const column = before.check === undefined ? after : { ...after, check: before.check };
  return [{ sql: `MODIFY COLUMN ${columnSql(flavor, column)}`, text: changes.join(', ') }];
}

export function changedIndexes(
  flavor: Flavor,
  current: TableShape,
  target: TableShape,
): { dropped: IndexShape[]; added: IndexShape[] } {
  const kept = (index: IndexShape): IndexShape => (flavor.descendingIndexes ? index : { ...index, descending: [] });
  const identity = (table: TableShape, index: IndexShape): string =>
    [index.name, index.unique, ...indexParts(table, kept(index)).map((part) => part.sql)].join();
  const found = new Set(current.indexes.map((index) => identity(current, index)));
  const wanted = new Set(target.indexes.map((index) => identity(target, index)));
  const lost = new Set(droppedColumns(current, target));
  const isLost = ({ columns }: IndexShape): boolean => columns.some((name) => lost.has(name));
  return {
    dropped: current.indexes.filter(
      (index) => isLost(index) || (isOwn(index) && !wanted.has(identity(current, index))),
    ),
    added: target.indexes.filter((index) => !found.has(identity(target, index))),
  };
}

function indexColumnsOf(table: TableShape, index: IndexShape): string[] {
  return indexParts(table, index).flatMap((part) => (part.generated ? [part.generated.name] : []));
}

function dropIndex(table: TableShape, index: IndexShape): Change[] {
  return [
    { sql: `DROP KEY ${quote(index.name)}`, text: `drop index ${index.name}` },
    ...indexColumnsOf(table, index).map((name) => ({
      sql: `DROP COLUMN ${quote(name)}`,
      text: `drop index column ${name}`,
    })),
  ];
}

/** The invisible columns of an index, where they are not there from an interrupted migration. */
export function addIndexColumns(current: TableShape, target: TableShape, index: IndexShape): Change[] {
  return indexParts(target, index)
    .flatMap(({ generated }) => (generated && !current.indexColumns?.includes(generated.name) ? [generated] : []))
    .map(({ name, definition }) => ({ sql: `ADD COLUMN ${definition}`, text: `add index column ${name}` }));
}

export function addKey(table: TableShape, index: IndexShape): Change {
  return { sql: `ADD ${indexSql(table, index)}`, text: `create ${index.unique ? 'unique ' : ''}index ${index.name}` };
}

/** Those of `from` whose name is not among `without`. */
function named<T extends { readonly name: string }>(from: readonly T[], without: readonly T[]): T[] {
  const names = new Set(without.map((one) => one.name));
  return from.filter((one) => !names.has(one.name));
}

function isOwn({ name }: { readonly name: string }): boolean {
  return isOwnName(name);
}
