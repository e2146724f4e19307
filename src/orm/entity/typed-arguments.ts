import type { SystemProperty } from './system-fields.js';

/** The stored properties of an entity: everything but its methods and its relations. */
export type FieldKeys<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? never : IsRelation<T[K]> extends true ? never : K;
}[keyof T] &
  string;

/** What tells a row of another entity from json. */
interface OtherRow {
  id: string;
  createdAt: Date;
  updatedAt: Date;
  version: number;
  toJSON(): Record<string, unknown>;
}

export type IsRelation<V> = 0 extends 1 & V
  ? false
  : [Present<V>] extends [never]
    ? false
    : [Present<V>] extends [OtherRow | readonly OtherRow[]]
      ? true
      : false;

/** `undefined` is left out, as an optional field of a parsed body is. */
type Clearable<V> = undefined | (undefined extends V ? V | null : V);

/** What `save` takes: any of the fields; those the ORM keeps may come along with a loaded row and are left alone. */
export type SaveInput<T> = { [K in FieldKeys<T>]?: Clearable<T[K]> };

/** What `update` takes: any of the entity's own fields. */
export type UpdateInput<T> = { [K in Exclude<FieldKeys<T>, SystemProperty>]?: Clearable<T[K]> };

/** Conditions on one field; all given ones must hold. */
export interface Conditions<V> {
  eq?: V | null;
  ne?: V | null;
  gt?: V;
  gte?: V;
  lt?: V;
  lte?: V;
  in?: readonly V[];
  notIn?: readonly V[];
  between?: readonly [low: V, high: V];
  isNull?: boolean;
}

/** Conditions on text; compared by binary value, so upper and lower case differ. */
export interface TextConditions {
  /** SQL pattern: `%` any text, `_` any character, `!` makes the next one plain. */
  like?: string;
  contains?: string;
  startsWith?: string;
}

/** A condition on what is inside a json field. A path that leads nowhere, or to null, is NULL. */
export interface PathCondition {
  /** Names of members and places in arrays, from the outside in. */
  path: ReadonlyArray<string | number>;
  eq?: string | number | boolean | null;
  ne?: string | number | boolean | null;
}

export type Present<V> = Exclude<V, null | undefined>;
type Scalar = string | number | bigint | boolean | Date | Uint8Array;

/** Objects and arrays are json, which is compared by what is inside it. */
export type FieldFilter<V> =
  | null
  | (unknown extends V ? Scalar | JsonFilter : [V] extends [Scalar] ? ScalarFilter<V> : JsonFilter);

type ScalarFilter<V> = V | (Conditions<V> & (V extends string ? TextConditions : unknown));
type JsonFilter = PathCondition | { isNull: boolean } | { eq: null } | { ne: null };

/** A typed `where`: fields that must match, joined by AND. */
export type Filter<T> = { [K in FieldKeys<T>]?: FieldFilter<Present<T[K]>> } & {
  and?: ReadonlyArray<Filter<T>>;
  or?: ReadonlyArray<Filter<T>>;
  not?: Filter<T>;
};

export type Direction = 'asc' | 'desc';

/** `'name desc, price'`, or `{ name: 'desc', price: 'asc' }` in the order of its keys. */
export type OrderBy<T> = string | { [K in OrderableKeys<T>]?: Direction };

/** The fields that can be added up. That text is a decimal is known to the entity only. */
export type SummableKeys<T> = {
  [K in FieldKeys<T>]: [Present<T[K]>] extends [number | bigint | string] ? K : never;
}[FieldKeys<T>];

/** A sum has the type of its field. */
export type Sum<V> = V extends bigint ? bigint : V extends number ? number : string;

/** An average is a number, or decimal text where the field is a bigint or a decimal. */
export type Average<V> = V extends number ? number : string;

/** The fields that have an order: all but json. */
export type OrderableKeys<T> = {
  [K in FieldKeys<T>]: unknown extends T[K] ? never : [Present<T[K]>] extends [Scalar] ? K : never;
}[FieldKeys<T>];
