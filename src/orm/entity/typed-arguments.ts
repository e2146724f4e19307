import type { SystemProperty } from './system-fields.js';

/** The stored properties of an entity: everything but its methods. */
export type FieldKeys<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? never : K;
}[keyof T] &
  string;

type Clearable<V> = undefined extends V ? V | null : V;

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

type Present<V> = Exclude<V, null | undefined>;

export type FieldFilter<V> =
  | V
  | null
  | (Conditions<Present<V>> & (Present<V> extends string ? TextConditions : unknown));

/** A typed `where`: fields that must match, joined by AND. */
export type Filter<T> = { [K in FieldKeys<T>]?: FieldFilter<Present<T[K]>> } & {
  and?: ReadonlyArray<Filter<T>>;
  or?: ReadonlyArray<Filter<T>>;
  not?: Filter<T>;
};

export type Direction = 'asc' | 'desc';

/** `'name desc, price'`, or `{ name: 'desc', price: 'asc' }` in the order of its keys. */
export type OrderBy<T> = string | { [K in FieldKeys<T>]?: Direction };

/** A row with all of its fields, or with the selected ones only. */
export type Selected<T, K extends FieldKeys<T>> = [FieldKeys<T>] extends [K] ? T : Pick<T, K>;
