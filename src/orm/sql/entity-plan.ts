import { ValidationError } from '../../base/errors.js';
import type { ColumnCodec, Dialect } from '../dialect/dialect.js';
import type { RawRow } from '../dialect/driver.js';
import type { Portable } from '../entity/codec.js';
import type { EntityMeta, FieldMeta } from '../entity/metadata.js';
import { shownName, suggestion } from '../entity/naming.js';
import { AT } from '../entity/system-fields.js';
import { createHydrator, type Hydrate } from './read/hydrator.js';
import { RecentMap } from './read/recent-map.js';
import { ShapeTree } from './shape-tree.js';
import type { ChangeStatement } from './write/change-parameters.js';
import { KeyList } from './write/key-list.js';

/** One column of one entity on one engine, ready for hot loops. */
export interface PlannedColumn {
  readonly field: FieldMeta;
  readonly index: number;
  readonly property: string;
  readonly quoted: string;
  readonly toRaw: (portable: Portable) => unknown;
  readonly fromRaw: (raw: unknown) => Portable;
  /** Raw value → JavaScript value; `undefined` where they are the same. */
  readonly decode: ((raw: never) => unknown) | undefined;
  readonly holds: ColumnCodec['holds'];
  readonly typed: (placeholder: string) => string;
}

/** The columns that a statement reads. */
export interface Selection {
  readonly shape: string;
  readonly columns: readonly PlannedColumn[];
  readonly list: string;
  readonly hydrate: Hydrate;
}

/** The fields that objects with certain keys give. */
interface GivenFields {
  readonly list: KeyList;
  readonly columns: readonly PlannedColumn[];
}

const asPortable = (raw: unknown): Portable => raw as Portable;

/** Everything about an entity that an engine needs, worked out once: names, codecs, SQL texts, hydrators. */
export class EntityPlan {
  readonly meta: EntityMeta;
  readonly dialect: Dialect;
  readonly table: string;
  readonly historyTable: string;
  readonly columns: readonly PlannedColumn[];
  /** Whether rows must be read with integers as bigint. */
  readonly bigints: boolean;
  readonly columnList: string;
  /** Every column. */
  readonly all: Selection;
  /** Raw row of every column → instance. */
  readonly hydrate: Hydrate;
  /** Portable values → instance. */
  readonly instance: (row: readonly Portable[]) => object;
  /** A new row before anything was given. */
  readonly defaults: readonly Portable[];
  /** Statements that change one row. */
  readonly changes = new ShapeTree<ChangeStatement>(500);
  readonly #byName = new Map<string, PlannedColumn>();
  readonly #texts = new RecentMap<string>(2_000);
  readonly #selections = new RecentMap<Selection>(200);
  readonly #given = new RecentMap<GivenFields>(200);
  #lastGiven: GivenFields | undefined;

  constructor(meta: EntityMeta, dialect: Dialect) {
    this.meta = meta;
    this.dialect = dialect;
    this.table = dialect.quote(meta.table);
    this.historyTable = dialect.quote(meta.historyTable);
    this.bigints = meta.fields.some((field) => dialect.column(field).bigints);
    this.columns = meta.fields.map((field, index) => planColumn(field, index, dialect));
    this.columnList = this.columns.map((column) => column.quoted).join(', ');
    for (const column of this.columns) this.#byName.set(column.field.column, column);
    for (const column of this.columns) this.#byName.set(column.property, column);
    this.all = this.#select('*', this.columns);
    this.hydrate = this.all.hydrate;
    this.instance = createHydrator(
      meta.entity.prototype as object,
      meta.fields.map(({ property, codec }) => ({ property, decode: codec.decode })),
    );
    this.defaults = meta.fields.map((field) =>
      field.default === undefined ? null : field.codec.encode(field.default),
    );
  }

  /** By property or column name. @throws ValidationError naming the nearest field. */
  column(name: string): PlannedColumn {
    const column = this.#byName.get(name);
    if (column) return column;
    if (typeof name !== 'string') throw new ValidationError([], `${this.meta.name}: a field is named by text`);
    throw new ValidationError(
      [{ loc: [shownName(name)], msg: 'unknown field', type: 'unknown_field' }],
      `Unknown field "${shownName(name)}" on ${this.meta.name}${suggestion(name, this.meta.byProperty.keys())}`,
    );
  }

  /**
   * What objects with these keys give, worked out once: whoever writes many rows writes them with the same keys.
   * @returns `undefined` where each key has to be looked at: one is no field, or a field by another name.
   */
  givenBy(keys: readonly string[]): GivenFields | undefined {
    if (this.#lastGiven?.list.isThatOf(keys)) return this.#lastGiven;
    const columns = keys.map((key) => this.#byName.get(key));
    if (!columns.every((column, index): column is PlannedColumn => column?.property === keys[index])) return undefined;
    const codecs = columns.map(({ field }) => field.codec);
    const shape = columns.map(({ index }) => index).join();
    this.#lastGiven = this.#given.get(shape, () => ({ list: new KeyList(keys, codecs), columns }));
    return this.#lastGiven;
  }

  /** A raw `datetime` that is no column of the entity, as ISO text. */
  isoTime(raw: unknown): string {
    return this.columns[AT.createdAt]?.fromRaw(raw) as string;
  }

  /** ISO text as a raw `datetime` that is no column of the entity. */
  rawTime(iso: string): unknown {
    return this.columns[AT.createdAt]?.toRaw(iso);
  }

  /** Raw row of every column → portable values. */
  portable(row: RawRow): Portable[] {
    return this.columns.map((column) => column.fromRaw(row[column.index]));
  }

  /** The SQL text of a shape, built once. */
  text(shape: string, build: () => string): string {
    return this.#texts.get(shape, build);
  }

  /** Some of the columns, to be read; the same for the same columns. */
  selection(columns: readonly PlannedColumn[]): Selection {
    const shape = columns.map(({ index }) => index).join();
    return this.#selections.get(shape, () => this.#select(shape, columns));
  }

  #select(shape: string, columns: readonly PlannedColumn[]): Selection {
    return {
      shape,
      columns,
      list: columns.map(({ quoted }) => quoted).join(', '),
      hydrate: createHydrator(this.meta.entity.prototype as object, columns),
    };
  }
}

function planColumn(field: FieldMeta, index: number, dialect: Dialect): PlannedColumn {
  const { toRaw, fromRaw, toValue, holds, typed } = dialect.column(field);
  const toPortable = fromRaw as ((raw: unknown) => Portable) | undefined;
  const decode = field.codec.decode as ((portable: unknown) => unknown) | undefined;
  const encode = toRaw as ((portable: unknown) => unknown) | undefined;
  return {
    field,
    index,
    property: field.property,
    quoted: dialect.quote(field.column),
    toRaw: encode ? (portable) => (portable === null ? null : encode(portable)) : (portable) => portable,
    fromRaw: toPortable ? (raw) => (raw === null ? null : toPortable(raw)) : asPortable,
    decode: toValue ?? (toPortable && decode ? (raw: unknown) => decode(toPortable(raw)) : (toPortable ?? decode)),
    holds,
    typed: typed ?? ((placeholder) => placeholder),
  };
}

const plans = new WeakMap<Dialect, WeakMap<EntityMeta, EntityPlan>>();

/** The plan of an entity on an engine, made on first use. */
export function entityPlan(meta: EntityMeta, dialect: Dialect): EntityPlan {
  const ofDialect = plans.get(dialect) ?? new WeakMap<EntityMeta, EntityPlan>();
  plans.set(dialect, ofDialect);
  const plan = ofDialect.get(meta) ?? new EntityPlan(meta, dialect);
  ofDialect.set(meta, plan);
  return plan;
}
