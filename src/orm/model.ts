import { NotFoundError } from '../base/errors.js';
import type { EntityTarget } from './entity/field-types.js';
import { snakeCase } from './entity/naming.js';
import type { FieldKeys, SaveInput, Selected, UpdateInput } from './entity/typed-arguments.js';
import { diffVersions, type VersionFields, versionOf, versionsOf } from './history/versions.js';
import { deleteById, restoreById, softDeleteById, updateById } from './verbs/change.js';
import type {
  CountOptions,
  FindOptions,
  GetOptions,
  SaveOptions,
  StreamOptions,
  VerbOptions,
  WriteOptions,
} from './verbs/options.js';
import { Past } from './verbs/past.js';
import { resolve, tenantLimit } from './verbs/resolve.js';
import { saveRow, saveRows } from './verbs/save.js';
import { anyRow, countRows, findRows, getRow, streamRows } from './verbs/select.js';

/** A class that extends `Model`. */
export type EntityClass<T> = abstract new (...args: never[]) => T;

/** A row as one of its versions left it. */
export type Versioned<T> = T & VersionFields;

/**
 * The base of every entity: the system fields, and the verbs as static methods.
 *
 * Every verb takes `{ db }` to say where it runs; without it, it joins the ambient `dbContext`, else it uses the newest
 * open database that lists the entity. Reads leave out soft-deleted rows unless `includeDeleted`.
 */
export abstract class Model {
  /** UUID of version 7 unless the caller gives another text. */
  id!: string;
  createdAt!: Date;
  updatedAt!: Date;
  deletedAt!: Date | null;
  createdBy!: string | null;
  updatedBy!: string | null;
  /** Rises by one with every change. */
  version!: number;

  /** What `JSON.stringify` sees: names in snake_case as in the table, bigints as text, bytes as base64. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).map(([property, value]) => [wireName(property), jsonValue(value)]));
  }

  /**
   * Inserts a row, or merges into the one with the same id (or the same `matchBy` values), writing only what changed. A
   * save that changes nothing writes nothing.
   * @returns the stored row.
   */
  static async save<T extends Model>(
    this: EntityClass<T>,
    data: SaveInput<T>,
    options: SaveOptions<FieldKeys<T>> = {},
  ): Promise<T> {
    const { session, plan } = resolve(this, options);
    return (await saveRow(session, plan, data, options)) as T;
  }

  /** Saves all rows in one transaction, in their order. */
  static async saveMany<T extends Model>(
    this: EntityClass<T>,
    rows: ReadonlyArray<SaveInput<T>>,
    options: Omit<SaveOptions<FieldKeys<T>>, 'expectedVersion'> = {},
  ): Promise<T[]> {
    const { session, plan } = resolve(this, options);
    return (await saveRows(session, plan, rows, options)) as T[];
  }

  static async get<T extends Model>(this: EntityClass<T>, id: string, options: GetOptions = {}): Promise<T | null> {
    const { session, plan } = resolve(this, options);
    return (await getRow(session, plan, id, options.includeDeleted ?? false)) as T | null;
  }

  /** @throws NotFoundError */
  static async getOrThrow<T extends Model>(this: EntityClass<T>, id: string, options: GetOptions = {}): Promise<T> {
    const { session, plan } = resolve(this, options);
    const row = await getRow(session, plan, id, options.includeDeleted ?? false);
    if (!row)
      throw new NotFoundError(`${plan.meta.name} ${id} does not exist`, { details: { table: plan.meta.table, id } });
    return row as T;
  }

  static async find<T extends Model, const K extends FieldKeys<T> = FieldKeys<T>>(
    this: EntityClass<T>,
    options: FindOptions<T, K> = {},
  ): Promise<Array<Selected<T, K>>> {
    const { session, plan } = resolve(this, options);
    return (await findRows(session, plan, options)) as Array<Selected<T, K>>;
  }

  /** The first row, or `null`. */
  static async findOne<T extends Model, const K extends FieldKeys<T> = FieldKeys<T>>(
    this: EntityClass<T>,
    options: Omit<FindOptions<T, K>, 'limit'> = {},
  ): Promise<Selected<T, K> | null> {
    const { session, plan } = resolve(this, options);
    const [row] = await findRows(session, plan, { ...options, limit: 1 });
    return (row as Selected<T, K> | undefined) ?? null;
  }

  static async count<T extends Model>(this: EntityClass<T>, options: CountOptions<T> = {}): Promise<number> {
    const { session, plan } = resolve(this, options);
    return countRows(session, plan, options);
  }

  static async exists<T extends Model>(this: EntityClass<T>, options: CountOptions<T> = {}): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return anyRow(session, plan, options);
  }

  /** Rows in the order of their ids, read in batches: memory stays flat. Rows may be changed while they are read. */
  static stream<T extends Model>(
    this: EntityClass<T>,
    options: StreamOptions<T> = {},
  ): AsyncGenerator<T, void, undefined> {
    const { session, plan } = resolve(this, options);
    return streamRows(session, plan, options) as AsyncGenerator<T, void, undefined>;
  }

  /** @returns the stored row, or `null` when there is none or it is soft-deleted. */
  static async update<T extends Model>(
    this: EntityClass<T>,
    id: string,
    changes: UpdateInput<T>,
    options: WriteOptions = {},
  ): Promise<T | null> {
    const { session, plan } = resolve(this, options);
    return (await updateById(session, plan, id, changes, options)) as T | null;
  }

  /** Hides the row from reads. @returns whether there was one to hide. */
  static async softDelete<T extends Model>(
    this: EntityClass<T>,
    id: string,
    options: WriteOptions = {},
  ): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return softDeleteById(session, plan, id, options);
  }

  /** Shows a soft-deleted row again. @returns whether there was one. */
  static async restore<T extends Model>(
    this: EntityClass<T>,
    id: string,
    options: WriteOptions = {},
  ): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return restoreById(session, plan, id, options);
  }

  /** Deletes the row for good; its history stays. @returns whether there was one. */
  static async delete<T extends Model>(this: EntityClass<T>, id: string, options: WriteOptions = {}): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return deleteById(session, plan, id, options);
  }

  /** Every version of the row, newest first. */
  static async history<T extends Model>(
    this: EntityClass<T>,
    id: string,
    options: VerbOptions = {},
  ): Promise<Array<Versioned<T>>> {
    const { session, plan } = resolve(this, options);
    return (await versionsOf(session, plan, id, tenantLimit(plan))) as Array<Versioned<T>>;
  }

  static async getVersion<T extends Model>(
    this: EntityClass<T>,
    id: string,
    version: number,
    options: VerbOptions = {},
  ): Promise<Versioned<T> | null> {
    const { session, plan } = resolve(this, options);
    return (await versionOf(session, plan, id, version, tenantLimit(plan))) as Versioned<T> | null;
  }

  /** What differs between two versions. @throws NotFoundError when one of them does not exist. */
  static async diff<T extends Model>(
    this: EntityClass<T>,
    id: string,
    from: number,
    to: number,
    options: VerbOptions = {},
  ): Promise<{ [K in FieldKeys<T>]?: [T[K] | null, T[K] | null] }> {
    const { session, plan } = resolve(this, options);
    const changes = await diffVersions(session, plan, id, from, to, tenantLimit(plan));
    return changes as { [K in FieldKeys<T>]?: [T[K] | null, T[K] | null] };
  }

  /** The entity as it was at `moment`. */
  static asOf<T extends Model>(this: EntityClass<T>, moment: Date, options: VerbOptions = {}): Past<T> {
    return new Past<T>(this as EntityTarget, moment, options);
  }
}

const wireNames = new Map<string, string>();

/** Entities have few property names and are serialised often: each name is converted once. */
function wireName(property: string): string {
  let name = wireNames.get(property);
  if (name === undefined) {
    name = snakeCase(property);
    wireNames.set(property, name);
  }
  return name;
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
