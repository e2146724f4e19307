import { ValidationError } from '../../../base/errors.js';
import { diffVersions, type VersionFields, type VersionPage, versionOf, versionsOf } from '../../history/versions.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import { tenantLimit } from '../resolve.js';
import { assertId } from './get-row.js';

/** Versions of a row, newest first. */
export async function historyOf(
  session: Session,
  plan: EntityPlan,
  id: string,
  page: VersionPage,
): Promise<Array<object & VersionFields>> {
  assertId(plan, id);
  for (const name of ['limit', 'before'] as const) if (page[name] !== undefined) assertWhole(name, page[name]);
  return versionsOf(session, plan, id, tenantLimit(plan), page);
}

/** One version of a row, or `null`. */
export async function versionById(
  session: Session,
  plan: EntityPlan,
  id: string,
  version: number,
): Promise<(object & VersionFields) | null> {
  assertId(plan, id);
  assertWhole('version', version);
  return versionOf(session, plan, id, version, tenantLimit(plan));
}

/** What differs between two versions of a row. @throws NotFoundError when one of them does not exist. */
export async function diffById(
  session: Session,
  plan: EntityPlan,
  id: string,
  from: number,
  to: number,
): Promise<Record<string, [unknown, unknown]>> {
  assertId(plan, id);
  assertWhole('from', from);
  assertWhole('to', to);
  return diffVersions(session, plan, id, from, to, tenantLimit(plan));
}

/** Versions are counted from 1. @throws ValidationError */
export function assertWhole(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return;
  throw new ValidationError([{ loc: [name], msg: 'must be a whole number from 1', type: 'invalid_value' }]);
}
