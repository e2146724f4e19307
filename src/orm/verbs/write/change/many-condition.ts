import { ValidationError } from '../../../../base/errors.js';
import { AT } from '../../../entity/system-fields.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { type Fragment, placeholders } from '../../../sql/read/fragment.js';
import { readWhere } from '../../../sql/read/where.js';
import { flag } from '../../checked-options.js';
import { tenantScope } from '../../tenant.js';
import { meansEveryRow } from './rows-meant.js';

/** Of a write of all rows that meet a condition. */
export interface ManyRequest {
  /** Of a condition written as text. */
  params?: readonly unknown[];
  /** Why: kept with the versions. */
  comment?: string;
  /** Has to be said where the condition leaves no row out. */
  all?: boolean;
}

/** Rows that reads show, rows that are soft-deleted, or both. */
export type Among = 'live' | 'hidden' | 'all';

/**
 * Which rows are written: those of the tenant that meet the caller's condition.
 * @throws ValidationError for a condition that is empty, unless the caller says that all rows are meant.
 */
export function manyCondition(
  plan: EntityPlan,
  where: string | object,
  { params, all }: ManyRequest,
  among: Among,
): Fragment {
  const own = readWhere(plan, where, params);
  const isEmpty = typeof where === 'string' ? own.write(placeholders(plan.dialect)) === '' : meansEveryRow(where);
  if (!flag('all', all) && isEmpty) {
    throw new ValidationError(
      [{ loc: ['where'], msg: 'is empty', type: 'empty' }],
      `The condition is empty, which would mean every row of ${plan.meta.table}; if that is meant, say { all: true }`,
    );
  }
  const tenant = tenantScope(plan);
  return {
    shape: `${among}${tenant ? ' own' : ''} ${own.shape}`,
    values: tenant ? [...own.values, tenant.column.toRaw(tenant.value)] : own.values,
    write: (next) => {
      const parts = [own.write(next), tenant ? `${tenant.column.quoted} = ${next()}` : '', deletionSql(plan, among)];
      return parts.filter(Boolean).join(' AND ') || '1 = 1';
    },
  };
}

function deletionSql(plan: EntityPlan, among: Among): string {
  if (among === 'all') return '';
  return `${plan.columns[AT.deletedAt]?.quoted} IS ${among === 'live' ? '' : 'NOT '}NULL`;
}
