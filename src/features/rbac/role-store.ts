import { type Clock, systemClock } from '../../base/clock.js';
import { currentContext } from '../../base/context.js';
import { NotFoundError, ValidationError } from '../../base/errors.js';
import type { SessionHandle } from '../../orm/index.js';
import { covers, isGrant } from '../auth/index.js';
import { Role, RoleAssignment } from './entities.js';

/** What a role is held for; without it, for everything. */
export interface Resource {
  resourceType: string;
  resourceId: string;
}

export interface AssignRoleOptions extends Partial<Resource> {
  /** Default: who acts in the ambient context. */
  grantedBy?: string | null;
  expiresAt?: Date | null;
}

export interface NewRole {
  name: string;
  permissions: readonly string[];
  description?: string | null;
}

interface Grant extends Resource {
  permissions: readonly string[];
  expiresAt: number;
}

/** How old an answer may be. Below one second, so that a change elsewhere counts within one. */
const CACHE_MS = 750;
const MAX_CACHED = 10_000;
const MAX_PERMISSIONS = 200;

/** Roles in `kernel_auth_roles`, and who has them; of `db`, else of the ambient or the newest open database. */
export class RoleStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;
  readonly #cached = new Map<string, { readAt: number; grants: Promise<Grant[]> }>();

  constructor(on: { db?: SessionHandle; clock?: Clock } = {}) {
    this.#on = on.db ? { db: on.db } : {};
    this.#clock = on.clock ?? systemClock;
  }

  /** Makes the role, or gives the one of that name other permissions. @throws ValidationError for a malformed permission. */
  async define({ name, permissions, description = null }: NewRole): Promise<Role> {
    if (permissions.length > MAX_PERMISSIONS || !permissions.every(isGrant)) {
      const msg = `Write at most ${MAX_PERMISSIONS} permissions, as resource:action, resource:* or *`;
      throw new ValidationError([{ loc: ['body', 'permissions'], msg, type: 'permission' }]);
    }
    const row = { name, permissions: [...new Set(permissions)], description };
    const role = await Role.save(row, { matchBy: 'name', ...this.#on });
    this.#cached.clear();
    return role;
  }

  async list(): Promise<Role[]> {
    return Role.find({ orderBy: { name: 'asc' }, ...this.#on });
  }

  async getByName(name: string): Promise<Role | null> {
    return Role.findOne({ where: { name }, ...this.#on });
  }

  /** Takes it from everybody who has it. */
  async delete(roleId: string): Promise<boolean> {
    const isGone = await Role.delete(roleId, this.#on);
    this.#cached.clear();
    return isGone;
  }

  /** Who has it already gets the new expiry. @throws NotFoundError for an unknown role. */
  async assign(userId: string, roleName: string, options: AssignRoleOptions = {}): Promise<RoleAssignment> {
    const role = await this.getByName(roleName);
    if (!role) throw new NotFoundError(`Role '${roleName}' not found`);
    const { grantedBy = currentContext().actor?.id ?? null, expiresAt = null } = options;
    const assignment = await RoleAssignment.save(
      { userId, roleId: role.id, ...resourceOf(options), grantedBy, expiresAt },
      { matchBy: ['userId', 'roleId', 'resourceType', 'resourceId'], ...this.#on },
    );
    this.#cached.delete(userId);
    return assignment;
  }

  /** False when the user does not have it, for exactly that resource. */
  async revoke(userId: string, roleName: string, resource: Partial<Resource> = {}): Promise<boolean> {
    const role = await this.getByName(roleName);
    if (!role) return false;
    const where = { userId, roleId: role.id, ...resourceOf(resource) };
    const revoked = await RoleAssignment.deleteMany(where, this.#on);
    this.#cached.delete(userId);
    return revoked > 0;
  }

  /** Everything the user was given, expired or not. */
  async listAssignments(userId: string): Promise<RoleAssignment[]> {
    return RoleAssignment.find({ where: { userId }, orderBy: { id: 'asc' }, ...this.#on });
  }

  /** Whether a role of the user has the permission: one that is held everywhere, or for the resource that is named. */
  async hasPermission(userId: string, permission: string, resource: Partial<Resource> = {}): Promise<boolean> {
    const { resourceType, resourceId } = resourceOf(resource);
    const now = this.#clock.now();
    const grants = await this.#grantsOf(userId, now);
    return grants.some((grant) => {
      if (grant.expiresAt <= now || !covers(grant.permissions, permission)) return false;
      const isGlobal = grant.resourceType === '' && grant.resourceId === '';
      return isGlobal || (grant.resourceType === resourceType && grant.resourceId === resourceId);
    });
  }

  /** The promise is kept, so that simultaneous questions share one read; its age counts from before the read. */
  #grantsOf(userId: string, now: number): Promise<Grant[]> {
    const known = this.#cached.get(userId);
    if (known && Math.abs(now - known.readAt) < CACHE_MS) return known.grants;
    const entry = { readAt: now, grants: this.#readGrants(userId) };
    this.#cached.delete(userId);
    this.#cached.set(userId, entry);
    entry.grants.catch(() => {
      if (this.#cached.get(userId) === entry) this.#cached.delete(userId); // an outage is not remembered
    });
    if (this.#cached.size > MAX_CACHED) this.#cached.delete(this.#cached.keys().next().value ?? '');
    return entry.grants;
  }

  async #readGrants(userId: string): Promise<Grant[]> {
    const assignments = await this.listAssignments(userId);
    if (assignments.length === 0) return [];
    const ids = [...new Set(assignments.map(({ roleId }) => roleId))];
    const roles = await Role.find({ where: { id: { in: ids } }, ...this.#on });
    const permissions = new Map(roles.map((role) => [role.id, role.permissions]));
    return assignments.map(({ roleId, resourceType, resourceId, expiresAt }) => ({
      resourceType,
      resourceId,
      permissions: permissions.get(roleId) ?? [],
      expiresAt: expiresAt ? +expiresAt : Number.POSITIVE_INFINITY,
    }));
  }
}

/** @throws ValidationError for half a resource, which would mean something else than was meant. */
function resourceOf({ resourceType = '', resourceId = '' }: Partial<Resource>): Resource {
  if ((resourceType === '') === (resourceId === '')) return { resourceType, resourceId };
  const msg = 'Give resource_type and resource_id, or neither';
  throw new ValidationError([{ loc: ['body', 'resource_id'], msg, type: 'resource' }]);
}
