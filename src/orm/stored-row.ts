import { snakeCase } from './entity/naming.js';

/** A class that extends `Model`. */
export type EntityClass<T> = abstract new (...args: never[]) => T;

/** What every row has: the fields that the ORM keeps. */
export abstract class StoredRow {
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
