import { indexIdentity } from '../../dialect/index-identity.js';
import type { ColumnCopy, ColumnShape, SchemaStep, TableShape } from '../../dialect/shape.js';
import { constraintName } from '../names.js';
import {
  addForeignKey,
  alter,
  cast,
  changeColumn,
  changeTable,
  createIndex,
  keyIdentity,
  missing,
  quote,
  step,
  validateConstraints,
} from './ddl.js';

/**
 * Changes a large table. What takes no more than a moment comes first and is one transaction; then come the steps that
 * read or write every row, none of which holds off readers or writers meanwhile. Killed between any two, the next start
 * finds the rest to be done.
 */
export function changeOnline(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  const between = halfway(current, target, copies);
  return [...changeTable(current, between, []), ...finish(between, target, copies).map(online)];
}

function online(one: SchemaStep): SchemaStep {
  return { ...one, online: true };
}

/** The table after the transaction: without any demand that every row would have to be looked at for. */
function halfway(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): TableShape {
  const found = new Map(current.columns.map((column) => [column.name, column]));
  const wanted = new Set(target.columns.map((column) => column.name));
  const filled = new Set(copies.map(({ to }) => to));
  const sources = new Set(copies.map(({ from }) => from));
  const relaxed = (column: ColumnShape): ColumnShape => {
    const before = found.get(column.name);
    if (!before) return filled.has(column.name) ? { ...column, nullable: true, default: undefined } : column;
    return { ...column, nullable: column.nullable || before.nullable };
  };
  const known = new Set(current.indexes.map(indexIdentity));
  return {
    ...target,
    columns: [
      ...target.columns.map(relaxed),
      ...current.columns.filter(({ name }) => !wanted.has(name) && sources.has(name)),
    ],
    checks: current.checks.filter(({ name }) => target.checks.some((check) => check.name === name)),
    foreignKeys: current.foreignKeys.filter((key) =>
      target.foreignKeys.some((wish) => keyIdentity(wish) === keyIdentity(key)),
    ),
    indexes: target.indexes.filter((index) => known.has(indexIdentity(index))),
  };
}

function finish(current: TableShape, target: TableShape, copies: readonly ColumnCopy[]): SchemaStep[] {
  return [
    ...copies.map((copy) => fill(target, copy)),
    ...target.columns.flatMap((column) => finishColumn(target, current, column)),
    ...addChecks(current, target),
    ...missing(target.foreignKeys, current.foreignKeys, keyIdentity).flatMap((key) =>
      inTwo(target, addForeignKey(target.name, key), constraintName('fk', [target.name, key.column])),
    ),
    ...validateConstraints(current, target),
    ...missing(target.indexes, current.indexes, indexIdentity).map((index) => concurrently(createIndex(target, index))),
    ...missing(current.columns, target.columns, ({ name }) => name).map(({ name }) =>
      alter(target, `DROP COLUMN ${quote(name)}`, `drop column ${target.name}.${name}`),
    ),
  ];
}

/** A new column follows the old one until all is done, for old instances still write to that. */
function fill(table: TableShape, { from, to, overwrite, fresh }: ColumnCopy): SchemaStep {
  const column = table.columns.find(({ name }) => name === to);
  const old = cast(quote(from), column?.type ?? 'text');
  const value = overwrite || column?.default === undefined ? old : `COALESCE(${old}, ${column.default})`;
  const empty = `${quote(to)} IS NULL AND ${quote(from)} IS NOT NULL`;
  const stale = overwrite || fresh ? `${quote(to)} IS DISTINCT FROM ${value}` : empty;
  const sql = `UPDATE ${quote(table.name)} SET ${quote(to)} = ${value} WHERE "id" > $1 AND "id" <= $2 AND ${stale}`;
  return { ...step(sql, `copy ${table.name}.${from} to ${to} in batches`), batchesOf: table.name };
}

function finishColumn(table: TableShape, current: TableShape, column: ColumnShape): SchemaStep[] {
  const before = current.columns.find(({ name }) => name === column.name) ?? column;
  const required = before.nullable && !column.nullable;
  const steps = changeColumn(table, before, column);
  return required ? [...proveNotNull(table, column), ...steps, dropProof(table, column)] : steps;
}

/** A check that holds already spares SET NOT NULL its own look at every row. */
function proveNotNull(table: TableShape, column: ColumnShape): SchemaStep[] {
  const name = proofName(table, column);
  const sql = `ADD CONSTRAINT ${quote(name)} CHECK (${quote(column.name)} IS NOT NULL)`;
  return inTwo(table, alter(table, sql, `add check ${name}`), name);
}

function dropProof(table: TableShape, column: ColumnShape): SchemaStep {
  const name = proofName(table, column);
  return alter(table, `DROP CONSTRAINT ${quote(name)}`, `drop check ${name}`);
}

function proofName(table: TableShape, column: ColumnShape): string {
  return constraintName('ck', [table.name, column.name, 'required']);
}

function addChecks(current: TableShape, target: TableShape): SchemaStep[] {
  return missing(target.checks, current.checks, ({ name }) => name).flatMap(({ name, expression }) =>
    inTwo(target, alter(target, `ADD CONSTRAINT ${quote(name)} CHECK (${expression})`, `add check ${name}`), name),
  );
}

/** First the constraint holds for what is written from now on, then the rows that are there are looked at. */
function inTwo(table: TableShape, add: SchemaStep, name: string): SchemaStep[] {
  return [
    { ...add, sql: `${add.sql} NOT VALID` },
    {
      ...alter(table, `VALIDATE CONSTRAINT ${quote(name)}`, `validate ${name}`),
      ...(add.afterTables && { afterTables: true }),
    },
  ];
}

function concurrently(create: SchemaStep): SchemaStep {
  return {
    ...create,
    sql: create.sql.replace(/^(CREATE (?:UNIQUE )?INDEX)/, '$1 CONCURRENTLY'),
    description: `${create.description} without holding up writers`,
  };
}
