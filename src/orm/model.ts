import type { EntityTarget } from './entity/field-types.js';
import type { FieldKeys } from './entity/typed-arguments.js';
import type { VersionFields } from './history/versions.js';
import type { EntityClass, StoredRow } from './stored-row.js';
import type { HistoryOptions, VerbOptions, WriteOptions } from './verbs/options.js';
import { diffById, historyOf, versionById } from './verbs/read/history.js';
import { Past } from './verbs/read/past.js';
import { resolve, resolveReader } from './verbs/resolve.js';
import { revertById } from './verbs/write/revert/revert.js';
import { WriteVerbs } from './write-verbs.js';

/** A row as one of its versions left it. */
export type Versioned<T> = T & VersionFields;

/**
 * The base of every entity: the system fields, and the verbs as static methods; those about the past stand here.
 *
 * Every verb takes `{ db }` to say where it runs; without it, it joins the ambient `dbContext`, else it uses the newest
 * open database that lists the entity. Reads leave out soft-deleted rows unless `includeDeleted`.
 */
export abstract class Model extends WriteVerbs {
  /** The versions of the row, newest first: all of them, or a page of them. */
  static async history<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    options: HistoryOptions = {},
  ): Promise<Array<Versioned<T>>> {
    const { session, plan } = resolveReader(this, options);
    return (await historyOf(session, plan, id, options)) as Array<Versioned<T>>;
  }

  static async getVersion<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    version: number,
    options: VerbOptions = {},
  ): Promise<Versioned<T> | null> {
    const { session, plan } = resolveReader(this, options);
    return (await versionById(session, plan, id, version)) as Versioned<T> | null;
  }

  /** What differs between two versions. @throws NotFoundError when one of them does not exist. */
  static async diff<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    from: number,
    to: number,
    options: VerbOptions = {},
  ): Promise<{ [K in FieldKeys<T>]?: [T[K] | null, T[K] | null] }> {
    const { session, plan } = resolveReader(this, options);
    const changes = await diffById(session, plan, id, from, to);
    return changes as { [K in FieldKeys<T>]?: [T[K] | null, T[K] | null] };
  }

  /**
   * Gives the row the values that one of its versions had, as a new version; a deleted row comes back. Fields that were
   * added since become `null`, or their default where they are required.
   * @returns the stored row. @throws NotFoundError for a version that does not exist.
   */
  static async revertTo<T extends StoredRow>(
    this: EntityClass<T>,
    id: string,
    version: number,
    options: WriteOptions = {},
  ): Promise<T> {
    const { session, plan } = resolve(this, options);
    return (await revertById(session, plan, id, version, options)) as T;
  }

  /** The entity as it was at `moment`. */
  static asOf<T extends StoredRow>(this: EntityClass<T>, moment: Date, options: VerbOptions = {}): Past<T> {
    return new Past<T>(this as EntityTarget, moment, options);
  }
}
