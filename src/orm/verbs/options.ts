import type { FieldKeys, Filter, OrderBy } from '../entity/typed-arguments.js';
import type { Session } from '../session/session.js';

/** A database, or the context of a transaction, as `dbContext` and `connect` give it. */
export interface SessionHandle {
  readonly session: Session;
}

export interface VerbOptions {
  /** Where to run; default the ambient context, else the newest open database that lists the entity. */
  db?: SessionHandle;
}

export interface WriteOptions extends VerbOptions {
  /** Why: kept with the version. */
  comment?: string;
  /** The version the caller has seen. @throws ConflictError when the row has another one. */
  expectedVersion?: number;
}

export interface SaveOptions<K extends string = string> extends VerbOptions {
  comment?: string;
  expectedVersion?: number;
  /** The fields that tell which row is meant; soft-deleted rows never match. */
  matchBy?: K | readonly K[];
}

export interface GetOptions extends VerbOptions {
  includeDeleted?: boolean;
}

export interface CountOptions<T = unknown> extends VerbOptions {
  /** A typed filter, or a condition in SQL with `?` and `[column]`. */
  where?: string | Filter<T>;
  params?: readonly unknown[];
  includeDeleted?: boolean;
}

export interface FindOptions<T = unknown, K extends FieldKeys<T> = FieldKeys<T>> extends CountOptions<T> {
  orderBy?: OrderBy<T>;
  limit?: number;
  offset?: number;
  /** Only these fields; the result's type has no others. */
  select?: readonly K[];
}

export interface StreamOptions<T = unknown> extends CountOptions<T> {
  /** Rows read at a time; default 500. */
  batchSize?: number;
}

/** The same options where the entity's type is not known. */
export interface LooseFindOptions extends VerbOptions {
  where?: string | object;
  params?: readonly unknown[];
  includeDeleted?: boolean;
  orderBy?: string | object;
  limit?: number;
  offset?: number;
  select?: readonly string[];
}
