import type { Dialect } from '../../dialect/dialect.js';
import type { CheckShape, ColumnShape, IndexShape, TableShape } from '../../dialect/shape.js';
import type { EntityTarget } from '../../entity/field-types.js';
import type { EntityMeta, FieldMeta } from '../../entity/metadata.js';
import { entityMeta } from '../../entity/registry.js';
import { columnOf, desiredSchema } from '../../schema/desired.js';
import { placeholders } from '../../sql/read/fragment.js';
import { NOTHING, renderTokens, tokenizeCondition } from '../../sql/tokenizer.js';

/** What the entities say about a table, for what the database itself cannot tell. */
export interface DeclaredTable {
  readonly history: string | undefined;
  /** The field that a column holds, where its type still is the one that the field has. */
  fieldOf(column: ColumnShape): FieldMeta | undefined;
  /** Checks as they are declared, by name. */
  readonly checks: ReadonlyMap<string, string>;
  /** Which rows an index covers, by its name. */
  readonly indexes: ReadonlyMap<string, Coverage>;
  /** The default of a column as SQL, where a field declares one. */
  defaultOf(field: FieldMeta): string | undefined;
}

interface Coverage {
  readonly liveOnly: boolean;
  readonly where?: string;
}

/** Every table that the entities declare, under its name of now and of before. */
export function declaredTables(entities: readonly EntityTarget[], dialect: Dialect): Map<string, DeclaredTable> {
  const shapes = new Map(desiredSchema(entities, dialect).tables.map(({ shape }) => [shape.name, shape]));
  const declared = entities.map(entityMeta).flatMap((meta) => {
    const table = declaredTable(meta, shapes.get(meta.table), dialect);
    const names = [meta.table, ...(meta.renamedFrom === undefined ? [] : [meta.renamedFrom])];
    return names.flatMap((name): Array<[string, DeclaredTable]> => {
      if (!meta.history) return [[name, table]];
      const history = `${name}_history`;
      return [
        [name, { ...table, history }],
        [history, table],
      ];
    });
  });
  return new Map(declared.reverse()); // a table's own entity counts more than one that it was renamed to
}

function declaredTable(meta: EntityMeta, shape: TableShape | undefined, dialect: Dialect): DeclaredTable {
  return {
    history: undefined,
    checks: checksOf(meta, shape?.checks ?? []),
    indexes: indexesOf(meta, shape?.indexes ?? []),
    fieldOf: fieldFinder(meta, dialect),
    defaultOf: (field) => columnOf(field, dialect).default,
  };
}

function fieldFinder(meta: EntityMeta, dialect: Dialect): DeclaredTable['fieldOf'] {
  const former = new Map(
    meta.fields.flatMap((field) => (field.options.renamedFrom ? [[field.options.renamedFrom, field] as const] : [])),
  );
  return ({ name, type }) => {
    const candidates = [meta.byColumn.get(name), former.get(name)];
    return candidates.find((field) => field !== undefined && dialect.column(field).type === type);
  };
}

/** Names and conditions stand in the same order. */
function checksOf(meta: EntityMeta, checks: readonly CheckShape[]): Map<string, string> {
  const texts = [...meta.fields.flatMap(({ options }) => options.check ?? []), ...meta.checks];
  return new Map(checks.map(({ name }, at) => [name, byColumns(meta, texts[at] as string)]));
}

function indexesOf(meta: EntityMeta, indexes: readonly IndexShape[]): Map<string, Coverage> {
  const wheres = [...meta.uniques, ...meta.indexes].map(({ where }) => where);
  return new Map(
    indexes.map(({ name, liveOnly }, at) => {
      const where = wheres[at];
      return [name, { liveOnly, ...(where !== undefined && { where: byColumns(meta, where) }) }];
    }),
  );
}

/** A condition may name properties; a backup knows columns only. */
function byColumns(meta: EntityMeta, condition: string): string {
  const column = (name: string): string =>
    `[${(meta.byColumn.get(name) ?? meta.byProperty.get(name))?.column ?? name}]`;
  return renderTokens(tokenizeCondition(condition, NOTHING), column, placeholders({ placeholder: () => '?' })).sql;
}
