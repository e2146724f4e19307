import { SchemaError } from '../../base/errors.js';
import type { FieldOptions } from './field-types.js';
import type { EntityOptions } from './metadata.js';
import { suggestion } from './naming.js';

const ENTITY: Readonly<Record<keyof EntityOptions, true>> = {
  table: true,
  unique: true,
  indexes: true,
  checks: true,
  history: true,
  historyRetention: true,
  tenant: true,
  renamedFrom: true,
};

const FIELD: Readonly<Record<keyof FieldOptions, true>> = {
  type: true,
  nullable: true,
  default: true,
  unique: true,
  index: true,
  check: true,
  renamedFrom: true,
  length: true,
  precision: true,
  scale: true,
  sensitive: true,
  references: true,
  onDelete: true,
};

/** @throws SchemaError for options that are none: a misspelt `tenant` would show rows to everybody. */
export function assertEntityOptions(owner: string, options: EntityOptions | undefined): void {
  if (typeof options?.table !== 'string')
    throw new SchemaError(`${owner} names no table; write @Entity({ table: '…' })`);
  assertKnown(`@Entity of ${owner}`, options, Object.keys(ENTITY));
}

/** @throws SchemaError for options that are none: a misspelt `nullable` would let everything in. */
export function assertFieldOptions(field: string, options: FieldOptions): void {
  assertKnown(`@Field of ${field}`, options, Object.keys(FIELD));
}

function assertKnown(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const hint = suggestion(unknown, known) || `; options are ${known.join(', ')}`;
  throw new SchemaError(`${where} has no option "${unknown}"${hint}`);
}
