import { ValidationError } from '../../../../base/errors.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import type { PortableRow, Stamp } from '../../../history/recorder.js';
import type { EntityPlan, PlannedColumn } from '../../../sql/entity-plan.js';
import { encodeRow, type FieldValue, fieldValues, type GivenRow } from '../../../sql/write/encode-row.js';
import { assertNames, seenVersion } from '../../checked-options.js';
import { assertId } from '../../read/get-row.js';
import { assertOwnTenant, tenantScope } from '../../tenant.js';

export interface SaveRequest {
  comment?: string;
  expectedVersion?: number;
  matchBy?: string | readonly string[];
}

/** What a caller gave, checked, before any connection is taken. */
export class PreparedRow {
  readonly id: string | undefined;
  readonly match: readonly FieldValue[] | undefined;
  /** The row had been loaded while it was alive. */
  readonly loadedAlive: boolean;
  readonly #given: GivenRow;
  /** Of the ambient tenant, where the caller named none. */
  readonly #tenant: FieldValue | undefined;
  #values: readonly FieldValue[] | undefined;

  /** @throws ValidationError that names every faulty field. */
  constructor(plan: EntityPlan, data: object, request: SaveRequest) {
    this.#given = encodeRow(plan, data);
    const kept = keptValues(this.#given);
    this.id = (kept[AT.id] as string | null | undefined) ?? undefined;
    if (this.id !== undefined) assertId(plan, this.id);
    this.loadedAlive = kept[AT.version] !== undefined && (kept[AT.deletedAt] ?? null) === null;
    this.#tenant = missingTenant(plan, this.#given);
    this.match = request.matchBy === undefined ? undefined : matchValues(plan, this.values, request.matchBy);
  }

  /** Own fields only; what the ORM keeps is left alone. */
  get values(): readonly FieldValue[] {
    this.#values ??= [
      ...fieldValues(this.#given).filter(({ column }) => !column.field.system),
      ...(this.#tenant ? [this.#tenant] : []),
    ];
    return this.#values;
  }

  /** Puts `values` where they stand in a row of every column. */
  fill(row: Portable[]): void {
    const { columns, values } = this.#given;
    for (let index = 0; index < columns.length; index++) {
      const { index: at, field } = columns[index] as PlannedColumn;
      const value = values[index];
      if (value !== undefined && !field.system) row[at] = value;
    }
    if (this.#tenant) row[this.#tenant.column.index] = this.#tenant.value;
  }
}

/** Checks what a caller gave. @throws ValidationError that names every faulty field. */
export function prepareRow(plan: EntityPlan, data: object, request: SaveRequest): PreparedRow {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new ValidationError([], `${plan.meta.name}.save takes an object of fields`);
  seenVersion(request.expectedVersion);
  return new PreparedRow(plan, data, request);
}

/** What was given of that which the ORM keeps, by where it stands in a row. */
function keptValues({ columns, values }: GivenRow): Array<Portable | undefined> {
  const kept: Array<Portable | undefined> = [];
  for (let index = 0; index < columns.length; index++) {
    const { index: at, field } = columns[index] as PlannedColumn;
    if (field.system) kept[at] = values[index];
  }
  return kept;
}

/** A tenant entity's row belongs to the ambient tenant; naming another one is an error. */
function missingTenant(plan: EntityPlan, { columns, values }: GivenRow): FieldValue | undefined {
  const tenant = tenantScope(plan);
  if (!tenant) return undefined;
  const named = values[columns.indexOf(tenant.column)];
  if (named === undefined) return tenant;
  assertOwnTenant(plan, tenant, named);
  return undefined;
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
    if (column.field.system)
      throw new ValidationError([
        {
          loc: [name],
          msg: 'is kept by the ORM, and no field to match by; a save with an id finds its row by that',
          type: 'invalid_value',
        },
      ]);
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
  row.fill(full);
  full[AT.id] = id;
  full[AT.createdAt] = made.now;
  full[AT.updatedAt] = made.now;
  full[AT.createdBy] = made.actorId;
  full[AT.updatedBy] = made.actorId;
  full[AT.version] = version;
  return full;
}
