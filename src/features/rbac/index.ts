export { Role, RoleAssignment } from './entities.js';
export {
  assertPermission,
  assignRole,
  hasPermission,
  type RequirePermissionOptions,
  requirePermission,
  revokeRole,
  roleService,
} from './permissions.js';
export { type AssignRoleOptions, type NewRole, type Resource, RoleStore } from './role-store.js';
export { createRbacRouter } from './routes.js';
