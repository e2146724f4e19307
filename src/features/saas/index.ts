export {
  createSaas,
  createSaasRouter,
  type Saas,
  type SaasOptions,
  type SaasRouterOptions,
} from './create-saas.js';
export {
  type InviteStatus,
  KernelProject,
  KernelWorkspace,
  KernelWorkspaceInvite,
  KernelWorkspaceMember,
  type WorkspaceRole,
} from './entities.js';
export { requireWorkspaceAdmin, requireWorkspaceMember, requireWorkspaceOwner } from './guards.js';
export { InviteStore, type IssuedInvite } from './stores/invite-store.js';
export { MemberStore } from './stores/member-store.js';
export { type NewProject, type ProjectChanges, ProjectStore } from './stores/project-store.js';
export {
  type NewWorkspace,
  type WorkspaceChanges,
  WorkspaceStore,
} from './stores/workspace-store.js';
