import type { ColumnCopy, ColumnShape, ForeignKeyShape, IndexShape, SchemaStep, TableShape } from '../dialect/shape.js';

/** Quotes an identifier for SQLite. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

const quoted = (names: readonly string[]): string => names.map(quote).join(', ');

function step(sql: string, description: string): SchemaStep {
  return { sql, params: [], description };
}

export function createTable(table: TableShape): SchemaStep[] {
  return [
    step(tableSql(table.name, table), `create table ${table.name}`),
    ...table.indexes.map((index) => createIndex(table.name, index)),
  ];
}

export function dropTable(name: string): SchemaStep[] {
  return [step(`DROP TABLE ${quote(name)}`, `drop table ${name}`)];
}

/** Additive changes run in place; any other one replaces the table, as SQLite's own manual (lang_altertable, 7) says to. */
export function changeTable(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const found = new Set(current.columns.map((column) => column.name));
  const added = target.columns.filter((column) => !found.has(column.name));
  if (needsRebuild(current, target, added)) return rebuild(current, target, copies);
  return [
    ...added.map((column) => addColumn(target, column)),
    ...copies.map((copy) => copyColumn(target.name, copy, added)),
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
        .map((key) => Object.values(key).join())
        .sort(),
      table.primaryKey,
    ]);
  return kept(current) !== kept(target) || added.some((column) => !column.nullable && column.default === undefined);
}

const SHAPE_KEYS = ['name', 'type', 'nullable', 'default'];

function addColumn(table: TableShape, column: ColumnShape): SchemaStep {
  const references = table.foreignKeys.filter((key) => key.column === column.name).map(referenceSql);
  const sql = `ALTER TABLE ${quote(table.name)} ADD COLUMN ${[columnSql(column), ...references].join(' ')}`;
  return step(sql, `add column ${table.name}.${column.name}`);
}

/** A column added just now holds its default in every row, which is nobody's choice and gives way to the old value. */
function copyColumn(table: string, { from, to, overwrite }: ColumnCopy, added: readonly ColumnShape[]): SchemaStep {
  const isNew = added.some((column) => column.name === to);
  const empty = isNew ? '' : `${quote(to)} IS NULL AND `;
  const where = overwrite ? '' : ` WHERE ${empty}${quote(from)} IS NOT NULL`;
  return step(
    `UPDATE ${quote(table)} SET ${quote(to)} = ${quote(from)}${where}`,
    `copy ${table}.${from} to ${table}.${to}`,
  );
}

function changeIndexes(current: TableShape, target: TableShape): SchemaStep[] {
  const wanted = new Map(target.indexes.map((index) => [index.name, index]));
  const dropped = current.indexes.filter((index) => !sameIndex(index, wanted.get(index.name)));
  const found = new Map(current.indexes.map((index) => [index.name, index]));
  return [
    ...dropped.map((index) => step(`DROP INDEX ${quote(index.name)}`, `drop index ${index.name}`)),
    ...target.indexes
      .filter((index) => !sameIndex(index, found.get(index.name)))
      .map((index) => createIndex(target.name, index)),
  ];
}

function sameIndex(a: IndexShape, b: IndexShape | undefined): boolean {
  return b !== undefined && a.unique === b.unique && a.liveOnly === b.liveOnly && a.columns.join() === b.columns.join();
}

function rebuild(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const temporary = `${target.name}__new`;
  const found = new Map(current.columns.map((column) => [column.name, column]));
  const sources = target.columns.flatMap((column) => {
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
    ...target.indexes.map((index) => createIndex(target.name, index)),
  ];
}

function sourceOf(
  column: ColumnShape,
  found: ReadonlyMap<string, ColumnShape>,
  copy: ColumnCopy | undefined,
): string | undefined {
  const existing = found.get(column.name);
  const own =
    existing === undefined
      ? column.default
      : existing.type === column.type
        ? quote(column.name)
        : `CAST(${quote(column.name)} AS ${column.type})`;
  if (!copy || !found.has(copy.from)) return own;
  if (copy.overwrite || existing === undefined) {
    return own === undefined
      ? quote(copy.from)
      : `COALESCE(${quote(copy.from)}, ${existing === undefined ? own : 'NULL'})`;
  }
  return `COALESCE(${quote(column.name)}, ${quote(copy.from)})`;
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

function createIndex(table: string, index: IndexShape): SchemaStep {
  const live = index.liveOnly ? ' WHERE "deleted_at" IS NULL' : '';
  const unique = index.unique ? 'UNIQUE ' : '';
  return step(
    `CREATE ${unique}INDEX ${quote(index.name)} ON ${quote(table)} (${quoted(index.columns)})${live}`,
    `create ${unique.toLowerCase()}index ${index.name}`,
  );
}

function tableSql(name: string, table: TableShape): string {
  const parts = [
    ...table.columns.map(columnSql),
    `PRIMARY KEY (${quoted(table.primaryKey)})`,
    ...table.checks.map((check) => `CONSTRAINT ${quote(check.name)} CHECK (${check.expression})`),
    ...table.foreignKeys.map((key) => `FOREIGN KEY (${quote(key.column)}) ${referenceSql(key)}`),
  ];
  return `CREATE TABLE ${quote(name)} (\n  ${parts.join(',\n  ')}\n)`;
}

function referenceSql(key: ForeignKeyShape): string {
  return `REFERENCES ${quote(key.table)} ("id") ON DELETE ${key.onDelete.toUpperCase()}`;
}

function columnSql(column: ColumnShape): string {
  const required = column.nullable ? '' : ' NOT NULL';
  return `${quote(column.name)} ${column.type}${required}${column.default === undefined ? '' : ` DEFAULT ${column.default}`}`;
}
