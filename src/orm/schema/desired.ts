import { createHash } from 'node:crypto';
import { SchemaError } from '../../base/errors.js';
import type { Dialect } from '../dialect/dialect.js';
import type { CheckShape, ColumnShape, ForeignKeyShape, IndexShape, TableShape } from '../dialect/shape.js';
import { canonicalJson } from '../entity/codec.js';
import type { EntityTarget } from '../entity/field-types.js';
import { type EntityMeta, type FieldMeta, internalField } from '../entity/metadata.js';
import { entityMeta } from '../entity/registry.js';
import { renderTokens, tokenize } from '../sql/tokenizer.js';

/** A table that the entities ask for. */
export interface DesiredTable {
  readonly shape: TableShape;
  /** The entity's own table; for its history table, the one it records. */
  readonly owner: string;
  readonly renamedFrom: string | undefined;
  /** Columns that were called otherwise before. */
  readonly renames: ReadonlyArray<{ from: string; to: string }>;
}

export interface DesiredSchema {
  /** SHA-256 of what the entities declare, the same on every engine. */
  readonly hash: string;
  readonly tables: readonly DesiredTable[];
}

const HISTORY_FIELDS: readonly FieldMeta[] = [
  internalField('version', 'integer', false),
  internalField('history_timestamp', 'datetime', false),
  internalField('history_user_id', 'string', true),
  internalField('history_comment', 'text', true),
];

/** What the entities ask of a database. @throws SchemaError when two of them share a table. */
export function desiredSchema(entities: readonly EntityTarget[], dialect: Dialect): DesiredSchema {
  const metas = entities.map(entityMeta);
  assertDistinctTables(metas);
  return {
    hash: createHash('sha256')
      .update(canonicalJson(Object.fromEntries(metas.map(describeEntity))))
      .digest('hex'),
    tables: metas.flatMap((meta) => [
      entityTable(meta, dialect),
      ...(meta.history ? [historyTable(meta, dialect)] : []),
    ]),
  };
}

function assertDistinctTables(metas: readonly EntityMeta[]): void {
  const owners = new Map<string, string>();
  for (const meta of metas) {
    for (const table of meta.history ? [meta.table, meta.historyTable] : [meta.table]) {
      const owner = owners.get(table);
      if (owner !== undefined)
        throw new SchemaError(
          `${owner} and ${meta.name} both need the table "${table}"; give one of them another name`,
        );
      owners.set(table, meta.name);
    }
  }
}

function describeEntity(meta: EntityMeta): [string, object] {
  const fields = meta.fields.map((field) => {
    const { type: _type, default: _default, references, ...options } = field.options;
    const target = references && entityMeta(references()).table;
    const fallback = field.default === undefined ? null : String(field.codec.encode(field.default));
    const sizes = { length: field.length, precision: field.precision, scale: field.scale };
    return [
      field.column,
      { type: field.type, default: fallback, options: { ...options, ...sizes, references: target ?? null } },
    ];
  });
  const columns = (list: readonly FieldMeta[]): string[] => list.map((field) => field.column);
  return [
    meta.table,
    {
      fields: Object.fromEntries(fields),
      uniques: meta.uniques.map((unique) => [columns(unique.fields), unique.includeDeleted]),
      indexes: meta.indexes.map(columns),
      history: meta.history,
      renamedFrom: meta.renamedFrom ?? null,
    },
  ];
}

function entityTable(meta: EntityMeta, dialect: Dialect): DesiredTable {
  return {
    owner: meta.table,
    renamedFrom: meta.renamedFrom,
    renames: renamesOf(meta),
    shape: {
      name: meta.table,
      columns: meta.fields.map((field) => columnOf(field, dialect)),
      primaryKey: ['id'],
      checks: meta.fields.flatMap((field) => checkOf(meta, field, dialect)),
      foreignKeys: meta.fields.flatMap(foreignKeyOf),
      indexes: [
        ...meta.uniques.map((unique) => uniqueOf(meta, unique)),
        ...meta.indexes.map((fields) => indexOf(meta, fields)),
      ],
    },
  };
}

function historyTable(meta: EntityMeta, dialect: Dialect): DesiredTable {
  const columns = meta.fields.map((field) => ({
    ...columnOf(field, dialect),
    nullable: field.property !== 'id',
    default: undefined,
  }));
  return {
    owner: meta.table,
    renamedFrom: meta.renamedFrom === undefined ? undefined : `${meta.renamedFrom}_history`,
    renames: renamesOf(meta),
    shape: {
      name: meta.historyTable,
      columns: [...columns, ...HISTORY_FIELDS.map((field) => columnOf(field, dialect))],
      primaryKey: ['id', 'version'],
      checks: [],
      foreignKeys: [],
      indexes: [],
    },
  };
}

function renamesOf(meta: EntityMeta): Array<{ from: string; to: string }> {
  return meta.fields.flatMap(({ column, options }) =>
    options.renamedFrom === undefined ? [] : [{ from: options.renamedFrom, to: column }],
  );
}

/** A field as a column of that engine. */
export function columnOf(field: FieldMeta, dialect: Dialect): ColumnShape {
  const { type, toRaw } = dialect.column(field);
  const encode = toRaw as ((portable: unknown) => unknown) | undefined;
  const portable = field.default === undefined ? undefined : field.codec.encode(field.default);
  return {
    name: field.column,
    type,
    nullable: field.nullable,
    default: portable === undefined ? undefined : dialect.literal(encode ? encode(portable) : portable),
  };
}

function checkOf(meta: EntityMeta, field: FieldMeta, dialect: Dialect): CheckShape[] {
  const { check } = field.options;
  if (check === undefined) return [];
  const column = (name: string): string => {
    const found = meta.byColumn.get(name) ?? meta.byProperty.get(name);
    if (found) return dialect.quote(found.column);
    throw new SchemaError(`The check of ${meta.name}.${field.property} names an unknown column [${name}]`);
  };
  const { sql, parameters } = renderTokens(tokenize(check, true), column, dialect.placeholder, 1);
  if (parameters > 0) throw new SchemaError(`The check of ${meta.name}.${field.property} cannot take parameters`);
  // Engines rewrite the text of a check, so its name tells whether it changed.
  return [{ name: constraintName('ck', [meta.table, field.column, shortHash(check)]), expression: sql }];
}

function foreignKeyOf(field: FieldMeta): ForeignKeyShape[] {
  const { references, onDelete = 'restrict' } = field.options;
  return references ? [{ column: field.column, table: entityMeta(references()).table, onDelete }] : [];
}

function uniqueOf(meta: EntityMeta, unique: EntityMeta['uniques'][number]): IndexShape {
  const columns = unique.fields.map((field) => field.column);
  return {
    name: constraintName('uq', [meta.table, ...columns]),
    columns,
    unique: true,
    liveOnly: !unique.includeDeleted,
  };
}

function indexOf(meta: EntityMeta, fields: readonly FieldMeta[]): IndexShape {
  const columns = fields.map((field) => field.column);
  return { name: constraintName('idx', [meta.table, ...columns]), columns, unique: false, liveOnly: false };
}

const MAX_IDENTIFIER = 63;

function constraintName(prefix: string, parts: readonly string[]): string {
  const name = [prefix, ...parts].join('_');
  return name.length <= MAX_IDENTIFIER ? name : `${name.slice(0, MAX_IDENTIFIER - 9)}_${shortHash(name)}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
