import type { FieldOptions } from './field-types.js';

/** What every entity carries; the ORM alone writes all but `id`. */
export const SYSTEM_FIELDS = [
  ['id', 'id', { type: 'string', nullable: false }],
  ['createdAt', 'created_at', { type: 'datetime', nullable: false }],
  ['updatedAt', 'updated_at', { type: 'datetime', nullable: false }],
  ['deletedAt', 'deleted_at', { type: 'datetime' }],
  ['createdBy', 'created_by', { type: 'string' }],
  ['updatedBy', 'updated_by', { type: 'string' }],
  ['version', '_version', { type: 'integer', nullable: false, default: 1 }],
] as const satisfies ReadonlyArray<readonly [property: string, column: string, options: FieldOptions]>;

export type SystemProperty = (typeof SYSTEM_FIELDS)[number][0];

/** What a history row carries beside the columns of its table. */
export const HISTORY_COLUMNS = ['version', 'history_timestamp', 'history_user_id', 'history_comment'] as const;

const SYSTEM_PROPERTIES: ReadonlySet<string> = new Set(SYSTEM_FIELDS.map(([property]) => property));
const RESERVED_COLUMNS: ReadonlySet<string> = new Set([
  ...SYSTEM_FIELDS.map(([, column]) => column),
  ...HISTORY_COLUMNS,
]);

export function isSystemProperty(property: string): property is SystemProperty {
  return SYSTEM_PROPERTIES.has(property);
}

export function isReservedColumn(column: string): boolean {
  return RESERVED_COLUMNS.has(column);
}

/** Where the system fields stand in a row. */
export const AT = { id: 0, createdAt: 1, updatedAt: 2, deletedAt: 3, createdBy: 4, updatedBy: 5, version: 6 } as const;
