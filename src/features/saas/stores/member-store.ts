import { BadRequestError } from '../../../http/errors.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';
import { KernelWorkspace, KernelWorkspaceMember, type WorkspaceRole } from '../entities.js';
import { hasRank } from '../roles.js';

/**
 * Members in `kernel_workspace_members`. A workspace always has an owner: what could take the last one away locks the
 * workspace first, so that of two owners who leave at once one stays.
 */
export class MemberStore {
  readonly #on: { db?: SessionHandle };

  constructor(on: { db?: SessionHandle } = {}) {
    this.#on = on;
  }

  /** The membership; whoever is a member already stays what they are. */
  async add(
    workspaceId: string,
    userId: string,
    role: WorkspaceRole = 'member',
    invitedBy: string | null = null,
  ): Promise<KernelWorkspaceMember> {
    return dbContext(async () => {
      await KernelWorkspace.getOrThrow(workspaceId);
      const existing = await find(workspaceId, userId);
      return existing ?? KernelWorkspaceMember.save({ workspaceId, userId, role, invitedBy, joinedAt: new Date() });
    }, this.#on);
  }

  async get(workspaceId: string, userId: string): Promise<KernelWorkspaceMember | null> {
    return KernelWorkspaceMember.findOne({ where: { workspaceId, userId }, ...this.#on });
  }

  /** In the order in which they joined. */
  async listForWorkspace(workspaceId: string): Promise<KernelWorkspaceMember[]> {
    return KernelWorkspaceMember.find({ where: { workspaceId }, orderBy: { id: 'asc' }, ...this.#on });
  }

  /** Null when there is no such member. @throws BadRequestError for the last owner. */
  async updateRole(workspaceId: string, userId: string, role: WorkspaceRole): Promise<KernelWorkspaceMember | null> {
    return this.#locked(workspaceId, async (workspace) => {
      const member = await find(workspaceId, userId);
      if (!member || member.role === role) return member;
      if (member.role === 'owner')
        await keepAnOwner(workspace, userId, 'Cannot change owner’s role: it is the last one');
      return KernelWorkspaceMember.update(member.id, { role });
    });
  }

  /** False when there is no such member. @throws BadRequestError for the last owner. */
  async remove(workspaceId: string, userId: string): Promise<boolean> {
    const isGone = await this.#locked(workspaceId, async (workspace) => {
      const member = await find(workspaceId, userId);
      if (!member) return false;
      if (member.role === 'owner')
        await keepAnOwner(workspace, userId, 'Owner cannot leave. Transfer ownership first.');
      return KernelWorkspaceMember.delete(member.id);
    });
    return isGone === true;
  }

  /** Makes another member the owner, and who was it an admin. Null when one of them is no member, or no owner. */
  async transfer(workspaceId: string, fromUserId: string, toUserId: string): Promise<KernelWorkspace | null> {
    return this.#locked(workspaceId, async (workspace) => {
      const [from, to] = [await find(workspaceId, fromUserId), await find(workspaceId, toUserId)];
      if (from?.role !== 'owner' || !to) return null;
      if (from.id === to.id) return workspace;
      if (workspace.isPersonal) throw new BadRequestError('Cannot transfer personal workspace');
      await KernelWorkspaceMember.update(to.id, { role: 'owner' });
      await KernelWorkspaceMember.update(from.id, { role: 'admin' });
      return KernelWorkspace.update(workspaceId, { ownerId: toUserId });
    });
  }

  async isMember(workspaceId: string, userId: string): Promise<boolean> {
    return this.#hasRank(workspaceId, userId, 'member');
  }

  /** True for owners as well. */
  async isAdmin(workspaceId: string, userId: string): Promise<boolean> {
    return this.#hasRank(workspaceId, userId, 'admin');
  }

  async isOwner(workspaceId: string, userId: string): Promise<boolean> {
    return this.#hasRank(workspaceId, userId, 'owner');
  }

  async #hasRank(workspaceId: string, userId: string, least: WorkspaceRole): Promise<boolean> {
    const member = await this.get(workspaceId, userId);
    return member !== null && hasRank(member.role, least);
  }

  /** Reading the row by its id inside a transaction locks it. */
  #locked<T>(workspaceId: string, change: (workspace: KernelWorkspace) => Promise<T | null>): Promise<T | null> {
    return dbContext(async () => {
      const workspace = await KernelWorkspace.get(workspaceId);
      return workspace && change(workspace);
    }, this.#on);
  }
}

function find(workspaceId: string, userId: string): Promise<KernelWorkspaceMember | null> {
  return KernelWorkspaceMember.findOne({ where: { workspaceId, userId } });
}

/** The workspace names one of its owners; when that one goes, another takes the place. */
async function keepAnOwner(workspace: KernelWorkspace, leaving: string, refusal: string): Promise<void> {
  const where = { workspaceId: workspace.id, role: 'owner', userId: { ne: leaving } } as const;
  const other = await KernelWorkspaceMember.findOne({ where, orderBy: { id: 'asc' } });
  if (!other || workspace.isPersonal) throw new BadRequestError(refusal);
  if (workspace.ownerId === leaving) await KernelWorkspace.update(workspace.id, { ownerId: other.userId });
}
