import { SchemaError } from '../../base/errors.js';
import { createCodec, type ValueCodec } from './codec.js';
import {
  DEFAULT_PRECISION,
  DEFAULT_SCALE,
  DEFAULT_STRING_LENGTH,
  type EntityTarget,
  type FieldOptions,
  type FieldType,
  type OnDelete,
} from './field-types.js';
import { checkRetention, type HistoryRetention } from './history-retention.js';
import { snakeCase, suggestion } from './naming.js';
import { isReservedColumn, isSystemProperty, SYSTEM_FIELDS } from './system-fields.js';

/** One stored property, every default resolved. */
export interface FieldMeta {
  readonly property: string;
  readonly column: string;
  readonly type: FieldType;
  readonly nullable: boolean;
  /** `undefined` when there is none. */
  readonly default: FieldOptions['default'];
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  /** Kept by the ORM itself. */
  readonly system: boolean;
  readonly options: FieldOptions;
  readonly codec: ValueCodec;
}

export interface UniqueMeta {
  readonly fields: readonly FieldMeta[];
  readonly includeDeleted: boolean;
  /** Only rows that meet this condition. */
  readonly where: string | undefined;
}

export interface IndexMeta {
  readonly fields: readonly FieldMeta[];
  /** Those of the fields that run downwards. */
  readonly descending: ReadonlySet<FieldMeta>;
  /** Only rows that meet this condition. */
  readonly where: string | undefined;
}

/** What `@Entity` and `@Field` say about one class. */
export interface EntityMeta {
  readonly entity: EntityTarget;
  readonly name: string;
  readonly table: string;
  readonly historyTable: string;
  readonly history: boolean;
  readonly historyRetention: HistoryRetention | undefined;
  readonly renamedFrom: string | undefined;
  /** The field that scopes every row to the ambient tenant. */
  readonly tenant: FieldMeta | undefined;
  /** System fields first, then declared ones in the order of the class. */
  readonly fields: readonly FieldMeta[];
  readonly byProperty: ReadonlyMap<string, FieldMeta>;
  readonly byColumn: ReadonlyMap<string, FieldMeta>;
  /** Properties that hold other rows, where a read includes them. */
  readonly relations: ReadonlyMap<string, DeclaredRelation>;
  readonly uniques: readonly UniqueMeta[];
  readonly indexes: readonly IndexMeta[];
  /** Conditions that every row meets, besides those of single fields. */
  readonly checks: readonly string[];
}

/** A combination of fields that is unique. */
export interface UniqueOptions {
  fields: readonly string[];
  /** Whether a soft-deleted row still takes its values; default `false`. */
  includeDeleted?: boolean;
  /** Unique only among rows that meet this condition in SQL; write columns as `[column]`. */
  where?: string;
}

/** A combination of fields that queries look up or sort by. */
export interface IndexOptions {
  /** Properties in order; `createdAt desc` runs downwards. */
  fields: readonly string[];
  /** Only rows that meet this condition in SQL; write columns as `[column]`. MySQL indexes all rows instead. */
  where?: string;
}

/** The entity's own options, with properties as names. */
export interface EntityOptions {
  /** Table name, snake_case. */
  table: string;
  /** Combinations that are unique among rows that are not soft-deleted. */
  unique?: ReadonlyArray<readonly string[] | UniqueOptions>;
  /** Combinations that queries look up or sort by, such as `['workspaceId', 'createdAt desc']`. */
  indexes?: ReadonlyArray<readonly string[] | IndexOptions>;
  /** Conditions in SQL that every row must meet; write columns as `[column]`. */
  checks?: readonly string[];
  /** Keep every version in `<table>_history`; default `true`. */
  history?: boolean;
  /** What `db.pruneHistory()` may remove of it; without this, every version is kept for ever. */
  historyRetention?: HistoryRetention;
  /** The property that names the row's tenant. */
  tenant?: string;
  /** The table this one was called before: its rows are copied, the old table is kept. */
  renamedFrom?: string;
}

export interface DeclaredField {
  readonly type: FieldType;
  readonly options: FieldOptions;
}

/** What a decorator says of a relation. */
export interface DeclaredRelation {
  /** `belongsTo`: the row names the other one; `hasOne`, `hasMany`: it is named by the others. */
  readonly kind: 'belongsTo' | 'hasOne' | 'hasMany';
  /** The field that holds the id, in this class for `belongsTo`, in the other one else. */
  readonly field: string;
  /** The other class; that of `belongsTo` is known from its field. */
  readonly target: (() => EntityTarget) | undefined;
}

/** Names that mean something else on every object. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(['constructor', 'prototype', '__proto__', 'toJSON']);
/** What joins conditions in a filter. */
const JOINING: ReadonlySet<string> = new Set(['and', 'or', 'not']);
const MAX_IDENTIFIER = 63;
const HISTORY_SUFFIX = '_history';
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Checks a declaration and resolves its defaults. @throws SchemaError naming class and field. */
export function buildEntityMeta(
  entity: EntityTarget,
  options: EntityOptions,
  declared: ReadonlyMap<string, DeclaredField>,
  relations: ReadonlyMap<string, DeclaredRelation>,
): EntityMeta {
  assertIdentifier(options.table, `The table of ${entity.name}`);
  if (options.history !== false) assertRoomForHistory(entity.name, options.table);
  const system = SYSTEM_FIELDS.map(([property, column, fieldOptions]) =>
    buildField(property, column, { type: fieldOptions.type, options: fieldOptions }, true),
  );
  const own = [...declared].map(([property, field]) => ownField(entity.name, property, field));
  const fields = [...system, ...own];
  const byProperty = new Map(fields.map((field) => [field.property, field]));
  const byColumn = new Map(fields.map((field) => [field.column, field]));
  assertOwnColumns(entity.name, fields, byColumn);
  const named = (property: string, where: string) => fieldNamed(entity.name, byProperty, property, where);

  return {
    entity,
    name: entity.name,
    table: options.table,
    historyTable: `${options.table}${HISTORY_SUFFIX}`,
    history: options.history ?? true,
    historyRetention: checkRetention(entity.name, options),
    renamedFrom: options.renamedFrom,
    tenant: options.tenant === undefined ? undefined : named(options.tenant, 'tenant'),
    fields,
    byProperty,
    byColumn,
    relations: checkedRelations(entity.name, byProperty, relations),
    uniques: [...own.flatMap(uniqueOfField), ...(options.unique ?? []).map((unique) => uniqueOfEntity(unique, named))],
    indexes: [
      ...own
        .filter((field) => field.options.index)
        .map((field) => ({ fields: [field], descending: NONE, where: undefined })),
      ...(options.indexes ?? []).map((index) => indexOfEntity(index, named)),
    ],
    checks: options.checks ?? [],
  };
}

/** Servers cut or refuse longer names. */
function assertRoomForHistory(owner: string, table: string): void {
  const most = MAX_IDENTIFIER - HISTORY_SUFFIX.length;
  if (table.length <= most) return;
  throw new SchemaError(
    `The table of ${owner} has a name of ${table.length} characters, and that of its history would have ${HISTORY_SUFFIX.length} more; give it one of at most ${most}`,
  );
}

function assertOwnColumns(owner: string, fields: readonly FieldMeta[], byColumn: ReadonlyMap<string, FieldMeta>): void {
  const other = fields.find((field) => byColumn.get(field.column) !== field);
  if (!other) return;
  const { column, property } = byColumn.get(other.column) as FieldMeta;
  throw new SchemaError(
    `${owner}.${other.property} and ${owner}.${property} are both the column ${column}; rename one`,
  );
}

function checkedRelations(
  owner: string,
  fields: ReadonlyMap<string, FieldMeta>,
  relations: ReadonlyMap<string, DeclaredRelation>,
): ReadonlyMap<string, DeclaredRelation> {
  for (const [property, { kind, field }] of relations) {
    assertIdentifier(property, `The relation of ${owner}`);
    if (fields.has(property) || IMPOSSIBLE.has(property))
      throw new SchemaError(`${owner}.${property} cannot be a relation: the name is taken`);
    if (kind !== 'belongsTo') continue;
    if (!fieldNamed(owner, fields, field, `@BelongsTo on ${owner}.${property}`).options.references)
      throw new SchemaError(`${owner}.${property}: the field ${field} does not say references: () => Class`);
  }
  return relations;
}

function ownField(owner: string, property: string, field: DeclaredField): FieldMeta {
  const column = snakeCase(property);
  if (isSystemProperty(property) || isReservedColumn(column)) {
    throw new SchemaError(`${owner}.${property} is kept by the ORM itself; leave its @Field out or rename it`);
  }
  assertIdentifier(property, `The property of ${owner}`);
  assertIdentifier(column, `The column of ${owner}.${property}`);
  if (IMPOSSIBLE.has(property)) throw new SchemaError(`${owner}.${property} cannot be a field`);
  if (JOINING.has(property))
    throw new SchemaError(
      `${owner}.${property} cannot be a field: "${property}" joins conditions in a filter; rename it`,
    );
  const meta = buildField(property, column, field, false);
  assertSizes(owner, meta);
  assertReference(owner, meta);
  assertDefault(owner, meta);
  return meta;
}

function buildField(property: string, column: string, { type, options }: DeclaredField, system: boolean): FieldMeta {
  const sizes = {
    length: options.length ?? DEFAULT_STRING_LENGTH,
    precision: options.precision ?? DEFAULT_PRECISION,
    scale: options.scale ?? DEFAULT_SCALE,
  };
  return {
    property,
    column,
    type,
    nullable: options.nullable ?? true,
    default: options.default ?? undefined,
    ...sizes,
    system,
    options,
    codec: createCodec(type, sizes),
  };
}

const ON_DELETE: ReadonlySet<unknown> = new Set<OnDelete>(['restrict', 'cascade', 'set null']);

function assertReference(owner: string, { property, type, nullable, options }: FieldMeta): void {
  const { references, onDelete } = options;
  const refuse = (fault: string): never => {
    throw new SchemaError(`${owner}.${property}: ${fault}`);
  };
  if (onDelete !== undefined && !references) refuse('onDelete is of a field with references: () => Class');
  if (onDelete !== undefined && !ON_DELETE.has(onDelete))
    refuse(`onDelete must be one of ${[...ON_DELETE].map((rule) => `'${rule}'`).join(', ')}`);
  if (references && type !== 'string' && type !== 'uuid')
    refuse(`a reference holds an id, so its type is 'string' or 'uuid', not '${type}'`);
  if (onDelete === 'set null' && !nullable) refuse("onDelete: 'set null' needs a field that is nullable");
}

function assertSizes(owner: string, field: FieldMeta): void {
  const { length, precision, scale } = field;
  if (!(Number.isInteger(length) && length > 0))
    throw new SchemaError(`${owner}.${field.property}: length must be positive`);
  if (
    !(
      Number.isInteger(precision) &&
      precision >= 1 &&
      precision <= 38 &&
      Number.isInteger(scale) &&
      scale >= 0 &&
      scale <= precision
    )
  ) {
    throw new SchemaError(`${owner}.${field.property}: precision must be 1 to 38 and scale 0 to precision`);
  }
}

function assertDefault(owner: string, field: FieldMeta): void {
  if (field.default === undefined) return;
  try {
    field.codec.encode(field.default);
  } catch (cause) {
    throw new SchemaError(`The default of ${owner}.${field.property} ${(cause as Error).message}`, { cause });
  }
}

function assertIdentifier(name: string, what: string): void {
  if (!IDENTIFIER.test(name)) {
    throw new SchemaError(`${what}, "${name}", is no identifier: letters, digits and _, at most 63, no digit first`);
  }
}

function fieldNamed(owner: string, fields: ReadonlyMap<string, FieldMeta>, property: string, where: string): FieldMeta {
  const field = fields.get(property);
  if (field) return field;
  throw new SchemaError(
    `${where} of ${owner} names an unknown field "${property}"${suggestion(property, fields.keys())}`,
  );
}

function uniqueOfField(field: FieldMeta): UniqueMeta[] {
  const { unique } = field.options;
  if (!unique) return [];
  return [{ fields: [field], includeDeleted: unique !== true && unique.includeDeleted, where: undefined }];
}

type Named = (property: string, where: string) => FieldMeta;

function uniqueOfEntity(unique: readonly string[] | UniqueOptions, named: Named): UniqueMeta {
  const { fields, includeDeleted = false, where } = 'fields' in unique ? unique : { fields: unique };
  return { fields: fields.map((property) => named(property, 'unique')), includeDeleted, where };
}

const NONE: ReadonlySet<FieldMeta> = new Set();
const DIRECTION = /\s+(asc|desc)$/i;

function indexOfEntity(index: readonly string[] | IndexOptions, named: Named): IndexMeta {
  const { fields, where } = 'fields' in index ? index : { fields: index };
  const parts = fields.map((text) => ({
    field: named(text.replace(DIRECTION, ''), 'indexes'),
    descending: DIRECTION.exec(text)?.[1]?.toLowerCase() === 'desc',
  }));
  return {
    fields: parts.map(({ field }) => field),
    descending: new Set(parts.filter(({ descending }) => descending).map(({ field }) => field)),
    where,
  };
}

/** A column that the ORM adds to a table by itself. */
export function internalField(column: string, type: FieldType, nullable: boolean): FieldMeta {
  return buildField(column, column, { type, options: { type, nullable } }, true);
}

/** A column that no class declares, as a backup describes it. */
export function describedField(column: string, options: FieldOptions & { readonly type: FieldType }): FieldMeta {
  return buildField(column, column, { type: options.type, options }, false);
}
