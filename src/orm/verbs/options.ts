import type { NoRelations, StrictInclude } from '../entity/relation-arguments.js';
import type { FieldKeys, Filter, OrderBy } from '../entity/typed-arguments.js';
import type { VersionPage } from '../history/versions.js';
import type { Session } from '../session/session.js';
import type { ManyRequest } from './write/change/many-condition.js';
import type { DeleteManyRequest } from './write/remove/delete-many.js';

/** A database, or the context of a transaction, as `dbContext` and `connect` give it. */
export interface SessionHandle {
  readonly session: Session;
}

export interface VerbOptions {
  /** Where to run; default the ambient context, else the newest open database that lists the entity. */
  db?: SessionHandle;
  /** Ends the verb: also the statement that runs on the server, and the wait for a connection. */
  signal?: AbortSignal;
}

/** Of a hand-written statement. */
export interface StatementOptions {
  /** Ends the statement, also on the server, and the wait for a connection. */
  signal?: AbortSignal;
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

/** Of a write of all rows that meet a condition. */
export interface ManyOptions extends VerbOptions, ManyRequest {}

export interface DeleteManyOptions extends VerbOptions, DeleteManyRequest {}

export interface GetOptions<T = unknown, I = NoRelations> extends VerbOptions {
  includeDeleted?: boolean;
  /** Relations to read along. */
  include?: I & StrictInclude<T, I>;
}

export interface HistoryOptions extends VerbOptions, VersionPage {}

export interface CountOptions<T = unknown> extends VerbOptions {
  /** A typed filter, or a condition in SQL with `?` and `[column]`. */
  where?: string | Filter<T>;
  params?: readonly unknown[];
  includeDeleted?: boolean;
}

export interface FindOptions<T = unknown, K extends FieldKeys<T> = FieldKeys<T>, I = NoRelations>
  extends CountOptions<T> {
  orderBy?: OrderBy<T>;
  limit?: number;
  offset?: number;
  /** Only these fields; the result's type has no others. */
  select?: readonly K[];
  /** Relations to read along: one query for each, however many rows there are. */
  include?: I & StrictInclude<T, I>;
}

export interface PageOptions<T = unknown, K extends FieldKeys<T> = FieldKeys<T>, I = NoRelations>
  extends CountOptions<T> {
  /** Ties are broken by id. */
  orderBy?: OrderBy<T>;
  /** Most rows of the page, from 1; default 50. */
  limit?: number;
  /** The rows behind this `nextCursor`. */
  after?: string;
  /** The rows before this `previousCursor`, in the same order. */
  before?: string;
  /** Only these fields; the result's type has no others. */
  select?: readonly K[];
  /** Relations to read along: one query for each, however many rows there are. */
  include?: I & StrictInclude<T, I>;
}

/** Some of the rows in an order, and where the others are. */
export interface Page<R> {
  readonly items: R[];
  /** Whether rows follow: then there is a `nextCursor`. */
  readonly hasMore: boolean;
  /** Given as `after`, it leads to the rows that follow; `null` when there are none. */
  readonly nextCursor: string | null;
  /** Given as `before`, it leads to the rows in front; `null` on the first page. */
  readonly previousCursor: string | null;
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
  include?: object;
}

export interface LoosePageOptions extends Omit<LooseFindOptions, 'offset'> {
  after?: string;
  before?: string;
}
