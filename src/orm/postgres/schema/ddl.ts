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
import { constraintName } from '../names.js';
import { literal, sameDefault } from './defaults.js';

/** Quotes an identifier for PostgreSQL. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

const quoted = (names: readonly string[]): string => names.map(quote).join(', ');

export function step(sql: string, description: string): SchemaStep {
  return { sql, params: [], description };
}

export function createTable(table: TableShape): SchemaStep[] {
  const parts = [
    ...table.columns.map(columnSql),
    ...(table.primaryKey.length > 0 ? [`PRIMARY KEY (${quoted(table.primaryKey)})`] : []),
    ...table.checks.map((check) => `CONSTRAINT ${quote(check.name)} CHECK (${check.expression})`),
  ];
  return [
    step(`CREATE TABLE ${quote(table.name)} (\n  ${parts.join(',\n  ')}\n)`, `create table ${table.name}`),
    ...table.indexes.map((index) => createIndex(table, index)),
    ...table.foreignKeys.map((key) => addForeignKey(table.name, key)),
  ];
}

/** References to the table go first, so that tables which name each other can be dropped in any order. */
export function dropTable(name: string): SchemaStep[] {
  const references = `DO $$
DECLARE reference record;
BEGIN
  FOR reference IN SELECT conrelid::regclass AS holder, conname FROM pg_constraint
    WHERE contype = 'f' AND confrelid = ${literal(quote(name))}::regclass AND confrelid <> conrelid
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', reference.holder, reference.conname);
  END LOOP;
END $$`;
  return [step(references, `drop the references to ${name}`), step(`DROP TABLE ${quote(name)}`, `drop table ${name}`)];
}

/**
 * Drops what stands in the way first, then changes columns, then adds what holds the rows to the new shape. Constraints
 * and indexes that someone made under names of their own are left alone.
 */
export function changeTable(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  return [
    ...dropConstraints(current, target),
    ...dropIndexes(current, target),
    ...addColumns(current, target, copies),
    ...changeColumns(current, target, copies),
    ...dropColumns(current, target),
    ...addConstraints(current, target),
    ...validateConstraints(current, target),
    ...addIndexes(current, target),
  ];
}

/** Constraints that an interrupted migration left half made. */
export function validateConstraints(current: TableShape, target: TableShape): SchemaStep[] {
  const checks = new Set(target.checks.filter(isWhole).map((check) => check.name));
  const keys = new Set(target.foreignKeys.filter(isWhole).map(keyIdentity));
  return [
    ...current.checks.filter((check) => !isWhole(check) && checks.has(check.name)),
    ...current.foreignKeys.filter((key) => !isWhole(key) && keys.has(keyIdentity(key))),
  ].map(({ name = '' }) => alter(target, `VALIDATE CONSTRAINT ${quote(name)}`, `validate ${name}`));
}

function isWhole({ validated }: { readonly validated?: boolean }): boolean {
  return validated !== false;
}

function dropConstraints(current: TableShape, target: TableShape): SchemaStep[] {
  const checks = missing(current.checks, target.checks, (check) => check.name).map(({ name }) => name);
  const keys = missing(current.foreignKeys, target.foreignKeys, keyIdentity).flatMap(({ name }) => name ?? []);
  return [...checks, ...keys]
    .filter(isOwnName)
    .map((name) => alter(target, `DROP CONSTRAINT ${quote(name)}`, `drop constraint ${name}`));
}

function dropIndexes(current: TableShape, target: TableShape): SchemaStep[] {
  return missing(current.indexes, target.indexes, indexIdentity)
    .filter(({ name, constraint }) => isOwnName(name) && !constraint)
    .map(({ name }) => step(`DROP INDEX ${quote(name)}`, `drop index ${name}`));
}

/** A column that is filled from an older one gets its default and its NOT NULL once it is filled. */
function addColumns(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const added = missing(target.columns, current.columns, (column) => column.name);
  return added.flatMap((column) => {
    const description = `add column ${target.name}.${column.name}`;
    const copy = copies.find(({ to }) => to === column.name);
    if (!copy) return [alter(target, `ADD COLUMN ${columnSql(column)}`, description)];
    const value = cast(quote(copy.from), column.type);
    const filled = column.default === undefined ? value : `COALESCE(${value}, ${column.default})`;
    return [
      alter(target, `ADD COLUMN ${quote(column.name)} ${column.type}`, description),
      update(target, `${quote(column.name)} = ${filled}`, `copy ${target.name}.${copy.from} to ${copy.to}`),
      ...changeColumn(target, { ...column, nullable: true, default: undefined }, column),
    ];
  });
}

function changeColumns(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const found = new Map(current.columns.map((column) => [column.name, column]));
  return target.columns.flatMap((column) => {
    const before = found.get(column.name);
    if (!before) return [];
    const copy = copies.find(({ to }) => to === column.name);
    return [...(copy ? [fill(target, before, copy)] : []), ...changeColumn(target, before, column)];
  });
}

function fill(table: TableShape, column: ColumnShape, { from, to, overwrite }: ColumnCopy): SchemaStep {
  const where = overwrite ? '' : ` WHERE ${quote(to)} IS NULL AND ${quote(from)} IS NOT NULL`;
  const value = cast(quote(from), column.type);
  return update(table, `${quote(to)} = ${value}${where}`, `copy ${table.name}.${from} to ${to}`);
}

export function changeColumn(table: TableShape, before: ColumnShape, after: ColumnShape): SchemaStep[] {
  const where = `${table.name}.${after.name}`;
  const change = (sql: string, description: string): SchemaStep =>
    alter(table, `ALTER COLUMN ${quote(after.name)} ${sql}`, description);
  const retyped = before.type !== after.type;
  const fallback = !sameDefault(after.type, before.default, after.default);
  const steps: SchemaStep[] = [];
  if (before.default !== undefined && (fallback || retyped))
    steps.push(change('DROP DEFAULT', `drop the default of ${where}`));
  if (retyped) {
    const using = cast(quote(after.name), after.type);
    steps.push(change(`TYPE ${after.type} USING ${using}`, `change ${where} from ${before.type} to ${after.type}`));
  }
  if (after.default !== undefined && (fallback || retyped))
    steps.push(change(`SET DEFAULT ${after.default}`, `set the default of ${where}`));
  if (before.nullable && !after.nullable) steps.push(change('SET NOT NULL', `require ${where}`));
  if (!before.nullable && after.nullable) steps.push(change('DROP NOT NULL', `relax ${where}`));
  return steps;
}

function dropColumns(current: TableShape, target: TableShape): SchemaStep[] {
  return missing(current.columns, target.columns, (column) => column.name).map(({ name }) =>
    alter(target, `DROP COLUMN ${quote(name)}`, `drop column ${target.name}.${name}`),
  );
}

function addConstraints(current: TableShape, target: TableShape): SchemaStep[] {
  const checks = missing(target.checks, current.checks, (check) => check.name);
  const keys = missing(target.foreignKeys, current.foreignKeys, keyIdentity);
  return [
    ...checks.map(({ name, expression }) =>
      alter(target, `ADD CONSTRAINT ${quote(name)} CHECK (${expression})`, `add check ${name}`),
    ),
    ...keys.map((key) => addForeignKey(target.name, key)),
  ];
}

function addIndexes(current: TableShape, target: TableShape): SchemaStep[] {
  return missing(target.indexes, current.indexes, indexIdentity).map((index) => createIndex(target, index));
}

/** What `from` has and `without` has not. */
export function missing<T>(from: readonly T[], without: readonly T[], identity: (one: T) => string): T[] {
  const known = new Set(without.map(identity));
  return from.filter((one) => !known.has(identity(one)));
}

export const keyIdentity = ({ column, table, onDelete }: ForeignKeyShape): string =>
  [column, table, onDelete].join(' ');
export function alter(table: TableShape, sql: string, description: string): SchemaStep {
  return step(`ALTER TABLE ${quote(table.name)} ${sql}`, description);
}

function update(table: TableShape, assignment: string, description: string): SchemaStep {
  return step(`UPDATE ${quote(table.name)} SET ${assignment}`, description);
}

export function addForeignKey(table: string, key: ForeignKeyShape): SchemaStep {
  const pairs = pairsOf(key);
  const columns = pairs.map(([column]) => column);
  const name = constraintName('fk', [table, ...columns]);
  const update = key.onUpdate ? ` ON UPDATE ${key.onUpdate.toUpperCase()}` : '';
  const named = quoted(pairs.map(([, column]) => column));
  const references = `REFERENCES ${quote(key.table)} (${named}) ON DELETE ${key.onDelete.toUpperCase()}${update}`;
  const sql = `ALTER TABLE ${quote(table)} ADD CONSTRAINT ${quote(name)} FOREIGN KEY (${quoted(columns)}) ${references}`;
  return { ...step(sql, `add reference ${table}.${key.column} to ${key.table}`), afterTables: true };
}

/** NULL comes first, as reads order it; a column without NULLs keeps the plain order of its primary key and joins. */
export function createIndex(table: TableShape, index: IndexShape): SchemaStep {
  const nullable = new Set(table.columns.filter((column) => column.nullable).map((column) => column.name));
  const columns = index.columns.map((name) => {
    const descends = index.descending?.includes(name);
    const nulls = descends ? ' NULLS LAST' : ' NULLS FIRST';
    return `${quote(name)}${descends ? ' DESC' : ''}${nullable.has(name) ? nulls : ''}`;
  });
  const unique = index.unique ? 'UNIQUE ' : '';
  return step(
    `CREATE ${unique}INDEX ${quote(index.name)} ON ${quote(table.name)} (${columns.join(', ')})${indexFilter(index)}`,
    `create ${unique.toLowerCase()}index ${index.name}`,
  );
}

function indexFilter({ liveOnly, where }: IndexShape): string {
  const conditions = [...(liveOnly ? ['"deleted_at" IS NULL'] : []), ...(where === undefined ? [] : [`(${where})`])];
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

function columnSql(column: ColumnShape): string {
  const { name, type, nullable, default: fallback, generated } = column;
  const value = fallback === undefined ? identitySql(column) : ` DEFAULT ${fallback}`;
  const computed =
    generated && ` GENERATED ALWAYS AS (${generated.expression}) ${generated.stored ? 'STORED' : 'VIRTUAL'}`;
  return `${quote(name)} ${type}${nullable ? '' : ' NOT NULL'}${computed ?? value}`;
}

/** What makes a column number rows, behind the type of a column. */
function identitySql({ counter }: ColumnShape): string {
  if (!counter) return '';
  const options = [
    ...(counter.sequence === undefined ? [] : [`SEQUENCE NAME ${quote(counter.sequence)}`]),
    ...(counter.step === undefined ? [] : [`INCREMENT BY ${counter.step}`]),
  ];
  return ` GENERATED BY DEFAULT AS IDENTITY${options.length > 0 ? ` (${options.join(' ')})` : ''}`;
}

/** `expression` as a value of `type`, which may name a collation. */
export function cast(expression: string, type: string): string {
  const [plain, collation] = type.split(' COLLATE ');
  return `CAST(${expression} AS ${plain})${collation === undefined ? '' : ` COLLATE ${collation}`}`;
}
