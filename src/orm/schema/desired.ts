import { createHash } from 'node:crypto';
import { SchemaError } from '../../base/errors.js';
import type { Dialect } from '../dialect/dialect.js';
import type { CheckShape, ColumnShape, ForeignKeyShape, IndexShape, TableShape } from '../dialect/shape.js';
import { canonicalJson } from '../entity/codec.js';
import { constraintName, shortHash, uniqueName } from '../entity/constraint-name.js';
import type { EntityTarget } from '../entity/field-types.js';
import { type EntityMeta, type FieldMeta, type IndexMeta, internalField, type UniqueMeta } from '../entity/metadata.js';
import { entityMeta } from '../entity/registry.js';
import { conditionSql } from './condition.js';

/** A table that the entities ask for. */
export interface DesiredTable {
  readonly shape: TableShape;
  /** The entity's own table; for its history table, the one it records. */
  readonly owner: string;
  /** Where versions of its rows go. */
  readonly history: string | undefined;
  readonly renamedFrom: string | undefined;
  /** Columns that were called otherwise before. */
  readonly renames: ReadonlyArray<{ from: string; to: string }>;
}

export interface DesiredSchema {
  /** SHA-256 of what the entities declare, the same on every engine. */
  readonly hash: string;
  readonly tables: readonly DesiredTable[];
}

/** Rises when tables are to look otherwise although the entities are the same, so that the next start looks again. */
const LAYOUT = 3;

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
      .update(canonicalJson({ layout: LAYOUT, tables: Object.fromEntries(metas.map(describeEntity)) }))
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
      uniques: meta.uniques.map((unique) => [columns(unique.fields), unique.includeDeleted, unique.where ?? null]),
      indexes: meta.indexes.map((index) => [
        columns(index.fields),
        columns([...index.descending]),
        index.where ?? null,
      ]),
      checks: meta.checks,
      history: meta.history,
      renamedFrom: meta.renamedFrom ?? null,
    },
  ];
}

function entityTable(meta: EntityMeta, dialect: Dialect): DesiredTable {
  return {
    owner: meta.table,
    history: meta.history ? meta.historyTable : undefined,
    renamedFrom: meta.renamedFrom,
    renames: renamesOf(meta),
    shape: {
      name: meta.table,
      columns: meta.fields.map((field) => columnOf(field, dialect)),
      primaryKey: ['id'],
      checks: [
        ...meta.fields.flatMap((field) => checkOfField(meta, field, dialect)),
        ...meta.checks.map((check) => checkOf(meta, check, [meta.table], `A check of ${meta.name}`, dialect)),
      ],
      foreignKeys: meta.fields.flatMap(foreignKeyOf),
      indexes: [
        ...meta.uniques.map((unique) => uniqueOf(meta, unique, dialect)),
        ...meta.indexes.map((index) => indexOf(meta, index, dialect)),
      ],
      triggers: [],
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
    history: undefined,
    renamedFrom: meta.renamedFrom === undefined ? undefined : `${meta.renamedFrom}_history`,
    renames: renamesOf(meta),
    shape: {
      name: meta.historyTable,
      columns: [...columns, ...HISTORY_FIELDS.map((field) => columnOf(field, dialect))],
      primaryKey: ['id', 'version'],
      checks: [],
      foreignKeys: [],
      indexes: [byTime(meta)],
      triggers: [],
    },
  };
}

/** For whoever looks for what was written lately: a history grows for ever, and the last minutes of it are few. */
function byTime({ historyTable: table }: EntityMeta): IndexShape {
  const columns = ['history_timestamp'];
  return { name: constraintName('idx', [table, ...columns]), columns, unique: false, liveOnly: false, descending: [] };
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

function checkOfField(meta: EntityMeta, field: FieldMeta, dialect: Dialect): CheckShape[] {
  const { check } = field.options;
  if (check === undefined) return [];
  return [checkOf(meta, check, [meta.table, field.column], `The check of ${meta.name}.${field.property}`, dialect)];
}

/** Engines rewrite the text of a check, so its name tells whether it changed. */
function checkOf(
  meta: EntityMeta,
  check: string,
  place: readonly string[],
  what: string,
  dialect: Dialect,
): CheckShape {
  const name = constraintName('ck', [...place, shortHash(check)]);
  return { name, expression: conditionSql(meta, check, what, dialect) };
}

function foreignKeyOf(field: FieldMeta): ForeignKeyShape[] {
  const { references, onDelete = 'restrict' } = field.options;
  return references ? [{ column: field.column, table: entityMeta(references()).table, onDelete }] : [];
}

function uniqueOf(meta: EntityMeta, { fields, includeDeleted, where }: UniqueMeta, dialect: Dialect): IndexShape {
  const columns = fields.map((field) => field.column);
  return {
    name: uniqueName(meta.table, columns, where),
    columns,
    unique: true,
    liveOnly: !includeDeleted,
    ...partial(meta, where, dialect),
  };
}

function indexOf(meta: EntityMeta, { fields, descending, where }: IndexMeta, dialect: Dialect): IndexShape {
  const parts = fields.flatMap((field) => (descending.has(field) ? [field.column, 'desc'] : [field.column]));
  return {
    name: constraintName('idx', [meta.table, ...parts, ...hashOf(where)]),
    columns: fields.map((field) => field.column),
    unique: false,
    liveOnly: false,
    descending: fields.filter((field) => descending.has(field)).map((field) => field.column),
    ...partial(meta, where, dialect),
  };
}

function partial(meta: EntityMeta, where: string | undefined, dialect: Dialect): { where?: string } {
  return where === undefined ? {} : { where: conditionSql(meta, where, `An index of ${meta.name}`, dialect) };
}

function hashOf(where: string | undefined): string[] {
  return where === undefined ? [] : [shortHash(where)];
}
