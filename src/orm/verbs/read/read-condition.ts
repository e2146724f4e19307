import { AT } from '../../entity/system-fields.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import { type Fragment, NOTHING } from '../../sql/read/fragment.js';
import { readWhere } from '../../sql/read/where.js';
import { assertReadOptions, flag } from '../checked-options.js';
import type { LooseFindOptions } from '../options.js';
import { tenantScope } from '../tenant.js';

type Conditions = Pick<LooseFindOptions, 'where' | 'params' | 'includeDeleted'>;

/**
 * ` WHERE …` of which rows count: the caller's condition, the tenant's, no soft-deleted ones, and `further`, if any.
 * Writes '' when all do.
 */
export function readCondition(plan: EntityPlan, options: Conditions, further: Fragment = NOTHING): Fragment {
  assertReadOptions(options);
  const where = readWhere(plan, options.where, options.params);
  const tenant = tenantScope(plan);
  const live = !flag('includeDeleted', options.includeDeleted);
  const own = tenant ? [tenant.column.toRaw(tenant.value)] : [];
  return {
    shape: `${live ? 'live' : 'all'}${tenant ? 'own' : ''} ${where.shape}${further.shape}`,
    values: own.length + further.values.length > 0 ? [...where.values, ...own, ...further.values] : where.values,
    write: (next) => {
      const parts = [
        where.write(next),
        tenant ? `${tenant.column.quoted} = ${next()}` : '',
        further.write(next),
        live ? `${plan.columns[AT.deletedAt]?.quoted} IS NULL` : '',
      ].filter(Boolean);
      return parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`;
    },
  };
}
