import type { FieldKeys, Filter, SaveInput, UpdateInput } from './entity/typed-arguments.js';
import { ReadVerbs } from './read-verbs.js';
import type { EntityClass, StoredRow } from './stored-row.js';
import type { DeleteManyOptions, ManyOptions, SaveOptions, WriteOptions } from './verbs/options.js';
import { resolve } from './verbs/resolve.js';
import { deleteById, restoreById, softDeleteById, updateById } from './verbs/write/change/change.js';
import { restoreMany, softDeleteMany, updateMany } from './verbs/write/change/change-many.js';
import { deleteMany } from './verbs/write/remove/delete-many.js';
import { saveRow } from './verbs/write/save/save.js';
import { saveRows } from './verbs/write/save/save-many.js';

/** The verbs that write. */
export abstract class WriteVerbs extends ReadVerbs {
  /**
   * Inserts a row, or merges into the one with the same id (or the same `matchBy` values), writing only what changed. A
   * save that changes nothing writes nothing.
   * @returns the stored row.
   */
  static async save<T extends StoredRow>(
    this: EntityClass<T>,
    data: SaveInput<T>,
    options: SaveOptions<FieldKeys<T>> = {},
  ): Promise<T> {
    const { session, plan } = resolve(this, options);
    return (await saveRow(session, plan, data, options)) as T;
  }

  /** Saves rows as if one after another, all or none, in few statements. @returns the stored rows in their order. */
  static async saveMany<T extends StoredRow>(
    this: EntityClass<T>,
    rows: ReadonlyArray<SaveInput<T>>,
    options: Omit<SaveOptions<FieldKeys<T>>, 'expectedVersion'> = {},
  ): Promise<T[]> {
    const { session, plan } = resolve(this, options);
    return (await saveRows(session, plan, rows, options)) as T[];
  }

  /** @returns the stored row, or `null` when there is none or it is soft-deleted. */
  static async update<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    changes: UpdateInput<T>,
    options: WriteOptions = {},
  ): Promise<T | null> {
    const { session, plan } = resolve(this, options);
    return (await updateById(session, plan, id, changes, options)) as T | null;
  }

  /** Hides the row from reads. @returns whether there was one to hide. */
  static async softDelete<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    options: WriteOptions = {},
  ): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return softDeleteById(session, plan, id, options);
  }

  /** Shows a soft-deleted row again. @returns whether there was one. */
  static async restore<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    options: WriteOptions = {},
  ): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return restoreById(session, plan, id, options);
  }

  /** Deletes the row for good, and what follows it by `onDelete`; its history stays. @returns whether there was one. */
  static async delete<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    options: WriteOptions = {},
  ): Promise<boolean> {
    const { session, plan } = resolve(this, options);
    return deleteById(session, plan, id, options);
  }

  /**
   * Changes fields of every row that meets a condition, where they really differ; each gets its version.
   * @returns how many were changed. @throws ValidationError for an empty condition, unless `{ all: true }`.
   */
  static async updateMany<T extends StoredRow>(
    this: EntityClass<T>,
    where: string | Filter<T>,
    changes: UpdateInput<T>,
    options: ManyOptions = {},
  ): Promise<number> {
    const { session, plan } = resolve(this, options);
    return updateMany(session, plan, where, changes, options);
  }

  /** Hides every row that meets a condition. @returns how many there were to hide. */
  static async softDeleteMany<T extends StoredRow>(
    this: EntityClass<T>,
    where: string | Filter<T>,
    options: ManyOptions = {},
  ): Promise<number> {
    const { session, plan } = resolve(this, options);
    return softDeleteMany(session, plan, where, options);
  }

  /** Shows every soft-deleted row again that meets a condition. @returns how many there were. */
  static async restoreMany<T extends StoredRow>(
    this: EntityClass<T>,
    where: string | Filter<T>,
    options: ManyOptions = {},
  ): Promise<number> {
    const { session, plan } = resolve(this, options);
    return restoreMany(session, plan, where, options);
  }

  /**
   * Deletes every row for good that meets a condition, and what follows it by `onDelete`; their history stays.
   * @returns how many there were, without those that followed.
   */
  static async deleteMany<T extends StoredRow>(
    this: EntityClass<T>,
    where: string | Filter<T>,
    options: DeleteManyOptions = {},
  ): Promise<number> {
    const { session, plan } = resolve(this, options);
    return deleteMany(session, plan, where, options);
  }
}
