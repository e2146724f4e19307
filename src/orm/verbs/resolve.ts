import type { EntityTarget } from '../entity/field-types.js';
import { entityMeta } from '../entity/registry.js';
import type { TenantLimit } from '../history/versions.js';
import { AbortableSession } from '../session/abortable-session.js';
import { sessionFor } from '../session/open-databases.js';
import type { Session } from '../session/session.js';
import { type EntityPlan, entityPlan } from '../sql/entity-plan.js';
import type { VerbOptions } from './options.js';
import { tenantScope } from './tenant.js';

export interface Resolved {
  readonly session: Session;
  readonly plan: EntityPlan;
}

/** Where a verb on `entity` runs, and what its engine needs to know. */
export function resolve(entity: EntityTarget, options: VerbOptions | undefined): Resolved {
  const meta = entityMeta(entity);
  const session = abortable(sessionFor(meta, options?.db?.session), options?.signal);
  return { session, plan: entityPlan(meta, session.core.dialect) };
}

/** The same for a verb that only reads, and writes nothing that it works out from its answer. */
export function resolveReader(entity: EntityTarget, options: VerbOptions | undefined): Resolved {
  const { session, plan } = resolve(entity, options);
  return { session: session.reader, plan };
}

/** The same session, its statements ended by `signal`. */
export function abortable(session: Session, signal: AbortSignal | undefined): Session {
  return signal ? new AbortableSession(session, signal) : session;
}

/** The tenant's condition on a history table, behind one parameter. */
export function tenantLimit(plan: EntityPlan): TenantLimit {
  const tenant = tenantScope(plan);
  if (!tenant) return { sql: '', params: [] };
  return {
    sql: ` AND ${tenant.column.quoted} = ${plan.dialect.placeholder(2)}`,
    params: [tenant.column.toRaw(tenant.value)],
  };
}
