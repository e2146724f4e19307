import type { FieldKeys, Filter, IsRelation, OrderBy, Present } from './typed-arguments.js';

/** The properties that hold rows of other entities, where a read includes them. */
export type RelationKeys<T> = { [K in keyof T]-?: IsRelation<T[K]> extends true ? K : never }[keyof T] & string;

/**
 * The type of a relation's property, where a compiler emits metadata and two files import each other: an alias keeps the
 * class out of what is emitted.
 */
export type Relation<T> = T;

/** How the one row of a relation is read. */
export interface IncludeOne<E> {
  select?: ReadonlyArray<FieldKeys<E>>;
  include?: Include<E>;
  includeDeleted?: boolean;
}

/** How the many rows of a relation are read. */
export interface IncludeMany<E> extends IncludeOne<E> {
  where?: string | Filter<E>;
  params?: readonly unknown[];
  /** Ties are broken by id. */
  orderBy?: OrderBy<E>;
  /** Most rows of each row that they belong to. */
  limit?: number;
}

/** The relations that a read includes. */
export type Include<T> = { [R in RelationKeys<T>]?: true | IncludeOptions<Present<T[R]>> };
type IncludeOptions<V> = V extends ReadonlyArray<infer E> ? IncludeMany<E> : IncludeOne<V>;

export type NoRelations = Record<never, never>;

/** Refuses misspelt names at every depth of an include. */
export type StrictInclude<T, I> = {
  [R in keyof I]: R extends RelationKeys<T>
    ? StrictOptions<ElementOf<Present<T[R]>>, IncludeOptions<Present<T[R]>>, I[R]>
    : never;
};
type StrictOptions<E, Options, O> = O extends true
  ? true
  : { [P in keyof O]: P extends keyof Options ? StrictOption<E, P, O[P]> : never };
type StrictOption<E, P, V> = P extends 'include'
  ? StrictInclude<E, V>
  : P extends 'where' | 'orderBy'
    ? V extends string
      ? V
      : { [F in keyof V]: F extends FieldKeys<E> | 'and' | 'or' | 'not' ? V[F] : never }
    : V;
type ElementOf<V> = V extends ReadonlyArray<infer E> ? E : V;

/** A row with all of its fields, or with the selected ones only, and with the relations that were included. */
export type Selected<T, K extends FieldKeys<T>, I = NoRelations> = [keyof I] extends [never]
  ? [FieldKeys<T>] extends [K]
    ? WithoutRelations<T>
    : Pick<T, K>
  : ([FieldKeys<T>] extends [K] ? Omit<T, RelationKeys<T>> : Pick<T, K>) & Included<T, I>;

type WithoutRelations<T> = [RelationKeys<T>] extends [never] ? T : T & { [R in RelationKeys<T>]?: undefined };

type Included<T, I> = { [R in keyof I & RelationKeys<T>]: Related<Present<T[R]>, I[R]> };

type Related<V, O> = V extends ReadonlyArray<infer E> ? Array<Chosen<E, O>> : Chosen<V, O> | null;

type Chosen<E, O> = Selected<
  E,
  O extends { select: ReadonlyArray<infer K extends FieldKeys<E>> } ? K : FieldKeys<E>,
  O extends { include: infer I } ? I : NoRelations
>;
