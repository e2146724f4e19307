import { currentContext } from '../../base/context.js';
import { KernelError } from '../../base/errors.js';
import type { Portable } from '../entity/codec.js';
import type { EntityPlan, PlannedColumn } from '../sql/entity-plan.js';
import { encodeValue } from '../sql/write/encode-row.js';

export interface TenantScope {
  readonly column: PlannedColumn;
  readonly value: Portable;
}

/**
 * The tenant that rows of the entity are limited to right now; `undefined` for entities without one and inside
 * `withoutTenant`.
 * @throws KernelError `E_TENANT` when nobody has said which tenant: rows of all tenants would leak.
 */
export function tenantScope(plan: EntityPlan): TenantScope | undefined {
  const field = plan.meta.tenant;
  if (!field) return undefined;
  const { tenantId } = currentContext();
  if (tenantId === null) return undefined;
  if (tenantId === undefined) {
    throw new KernelError(
      'E_TENANT',
      `${plan.meta.name} belongs to tenants; wrap the call in withTenant(id, fn) or withoutTenant(fn)`,
    );
  }
  const column = plan.column(field.property);
  return { column, value: encodeValue(column, tenantId) };
}

/** @throws KernelError `E_TENANT` when a write names another tenant than the ambient one. */
export function assertOwnTenant(plan: EntityPlan, scope: TenantScope, value: Portable): void {
  if (value === scope.value) return;
  throw new KernelError(
    'E_TENANT',
    `${plan.meta.name}.${scope.column.property} names another tenant than the current one`,
  );
}
