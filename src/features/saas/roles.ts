import { ForbiddenError } from '../../http/errors.js';
import type { WorkspaceRole } from './entities.js';

const RANK: Readonly<Record<WorkspaceRole, number>> = { member: 0, admin: 1, owner: 2 };

/** True for `role` itself and for every role above it. */
export function hasRank(role: WorkspaceRole, least: WorkspaceRole): boolean {
  return RANK[role] >= RANK[least];
}

/** True when `role` may act on somebody who is `other`: owners on everybody, admins on members alone. */
export function outranks(role: WorkspaceRole, other: WorkspaceRole): boolean {
  return role === 'owner' || RANK[role] > RANK[other];
}

const REFUSALS: Readonly<Record<WorkspaceRole, string>> = {
  member: 'Not a member of this workspace',
  admin: 'Admin access required',
  owner: 'Owner access required',
};

/** What a guard of `least` answers to who has less. */
export function lacksRole(least: WorkspaceRole): ForbiddenError {
  return new ForbiddenError(REFUSALS[least]);
}
