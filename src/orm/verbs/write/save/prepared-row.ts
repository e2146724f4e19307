import { ValidationError } from '../../../../base/errors.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import type { PortableRow, Stamp } from '../../../history/recorder.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { encodeRow, type FieldValue } from '../../../sql/write/encode-row.js';
import { assertNames, seenVersion } from '../../checked-options.js';
import { assertId } from '../../read/get-row.js';
import { assertOwnTenant, tenantScope } from '../../tenant.js';

export interface SaveRequest {
  comment?: string;
  expectedVersion?: number;
  matchBy?: string | readonly string[];
}

/** What a caller gave, checked, before any connection is taken. */
export interface PreparedRow {
  readonly id: string | undefined;
  /** Own fields only; what the ORM keeps is left alone. */
  readonly values: readonly FieldValue[];
  readonly match: readonly FieldValue[] | undefined;
  /** The row had been loaded while it was alive. */
  readonly loadedAlive: boolean;
}

/** Checks what a caller gave. @throws ValidationError that names every faulty field. */
export function prepareRow(plan: EntityPlan, data: object, request: SaveRequest): PreparedRow {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new ValidationError([], `${plan.meta.name}.save takes an object of fields`);
  seenVersion(request.expectedVersion);
  const all = encodeRow(plan, data);
  const given = (index: number): Portable | undefined => all.find(({ column }) => column.index === index)?.value;
  const id = given(AT.id) ?? undefined;
  if (id !== undefined) assertId(plan, id);
  const values = scoped(
    plan,
    all.filter(({ column }) => !column.field.system),
  );
  return {
    id,
    values,
    match: request.matchBy === undefined ? undefined : matchValues(plan, values, request.matchBy),
    loadedAlive: given(AT.version) !== undefined && (given(AT.deletedAt) ?? null) === null,
  };
}

/** A tenant entity's row belongs to the ambient tenant; naming another one is an error. */
function scoped(plan: EntityPlan, values: FieldValue[]): FieldValue[] {
  const tenant = tenantScope(plan);
  if (!tenant) return values;
  const named = values.find(({ column }) => column === tenant.column);
  if (!named) return [...values, tenant];
  assertOwnTenant(plan, tenant, named.value);
  return values;
}

function matchValues(
  plan: EntityPlan,
  values: readonly FieldValue[],
  matchBy: string | readonly string[],
): FieldValue[] {
  const names = typeof matchBy === 'string' ? [matchBy] : matchBy;
  assertNames('matchBy', names);
  if (names.length === 0)
    throw new ValidationError([], 'matchBy is empty; name the fields that tell which row is meant');
  const match = names.map((name) => {
    const column = plan.column(name);
    const found = values.find((value) => value.column === column);
    if (found) return found;
    throw new ValidationError([{ loc: [name], msg: 'is named in matchBy but has no value', type: 'missing' }]);
  });
  return withinTenant(plan, match);
}

/** A row of another tenant must never match. */
function withinTenant(plan: EntityPlan, match: FieldValue[]): FieldValue[] {
  const tenant = tenantScope(plan);
  return !tenant || match.some(({ column }) => column === tenant.column) ? match : [...match, tenant];
}

/** The full row that a new one becomes. */
export function newRow(plan: EntityPlan, row: PreparedRow, id: string, version: number, made: Stamp): PortableRow {
  const full = [...plan.defaults];
  for (const { column, value } of row.values) full[column.index] = value;
  full[AT.id] = id;
  full[AT.createdAt] = made.now;
  full[AT.updatedAt] = made.now;
  full[AT.createdBy] = made.actorId;
  full[AT.updatedBy] = made.actorId;
  full[AT.version] = version;
  return full;
}
