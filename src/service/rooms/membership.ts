import type { Identity } from '../identity.js';

/** Whether a user belongs to a workspace; `undefined` where there are none. */
export function membershipOf({
  saas,
}: Identity): ((userId: string, workspaceId: string) => Promise<boolean>) | undefined {
  return saas && ((userId, workspaceId) => saas.members.isMember(workspaceId, userId));
}
