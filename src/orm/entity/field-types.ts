import { SchemaError } from '../../base/errors.js';

export const FIELD_TYPES = [
  'string',
  'text',
  'integer',
  'bigint',
  'number',
  'decimal',
  'boolean',
  'datetime',
  'date',
  'json',
  'uuid',
  'blob',
] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

/** What happens to this row when the referenced row is deleted for good. */
export type OnDelete = 'restrict' | 'cascade' | 'set null';

/** A class, as far as a reference needs to know it. */
export type EntityTarget = abstract new (...args: never[]) => object;

/** How one property is stored. Every option is enforced by the database itself. */
export interface FieldOptions {
  /** Needed where it can be inferred neither from emitted metadata nor from `default`. */
  type?: FieldType;
  /** Default `true`. */
  nullable?: boolean;
  /** Stored when a new row leaves the field out. */
  default?: string | number | bigint | boolean | Date | Uint8Array | readonly unknown[] | object | null;
  /** Unique among rows that are not soft-deleted, or among all rows. */
  unique?: boolean | { includeDeleted: boolean };
  index?: boolean;
  /** A condition in SQL; write columns as `[column]`. */
  check?: string;
  /** The column this one was called before: its data is copied, the old column is kept. */
  renamedFrom?: string;
  /** Most characters of a `string`; default 255. */
  length?: number;
  /** Digits in all of a `decimal`; default 15. */
  precision?: number;
  /** Digits behind the point of a `decimal`; default 4. */
  scale?: number;
  /** A secret (a hash, a token, a key): records of changes say that it changed, and show no value. */
  sensitive?: boolean;
  /** The row of another entity that this field names by id. */
  references?: () => EntityTarget;
  /** Default `restrict`. Needs `references`. */
  onDelete?: OnDelete;
}

export const DEFAULT_STRING_LENGTH = 255;
export const DEFAULT_PRECISION = 15;
export const DEFAULT_SCALE = 4;

const TYPE_OF_CONSTRUCTOR = new Map<unknown, FieldType>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [BigInt, 'bigint'],
  [Date, 'datetime'],
  [Array, 'json'],
  [Buffer, 'blob'],
  [Uint8Array, 'blob'],
]);

/**
 * The type of a field: explicit, else from emitted metadata, else from its default. Both inferences agree, so that a
 * build that emits no metadata gives the same schema or a clear error, never another schema.
 * @throws SchemaError naming class and field when nothing tells.
 */
export function fieldType(owner: string, property: string, options: FieldOptions, designType: unknown): FieldType {
  const type = options.type ?? TYPE_OF_CONSTRUCTOR.get(designType) ?? typeOfDefault(options.default);
  if (type === undefined) {
    throw new SchemaError(
      `The type of ${owner}.${property} cannot be inferred; name it: @Field({ type: 'string' }) (${FIELD_TYPES.join(', ')})`,
    );
  }
  if (!FIELD_TYPES.includes(type)) {
    throw new SchemaError(`${owner}.${property} has the unknown type "${type}"; use one of ${FIELD_TYPES.join(', ')}`);
  }
  return type;
}

function typeOfDefault(value: unknown): FieldType | undefined {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'bigint';
    case 'object':
      if (value === null) return undefined;
      if (value instanceof Date) return 'datetime';
      return value instanceof Uint8Array ? 'blob' : 'json';
    default:
      return undefined;
  }
}
