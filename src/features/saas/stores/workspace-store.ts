import { ConflictError, ConstraintError, ValidationError } from '../../../base/errors.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';
import { KernelWorkspace, KernelWorkspaceMember, type WorkspaceRole } from '../entities.js';
import { slugOf, uniqueSlug } from '../slugs.js';

export interface NewWorkspace {
  name: string;
  ownerId: string;
  /** Default: made of the name, with six random digits. */
  slug?: string;
  isPersonal?: boolean;
  settings?: Record<string, unknown>;
}

export interface WorkspaceChanges {
  name?: string;
  slug?: string;
  settings?: Record<string, unknown> | null;
}

/** A workspace with the role that somebody has in it. */
export type RoledWorkspace = KernelWorkspace & { role: WorkspaceRole };

/** Workspaces in `kernel_workspaces` of `db`; without it, of the ambient or the newest open database. */
export class WorkspaceStore {
  readonly #on: { db?: SessionHandle };

  constructor(on: { db?: SessionHandle } = {}) {
    this.#on = on;
  }

  /**
   * A workspace and its owner's membership, both or neither.
   * @throws ConflictError when the slug is taken, or a second personal workspace is asked for.
   */
  async create({ name, ownerId, slug, isPersonal = false, settings }: NewWorkspace): Promise<KernelWorkspace> {
    const row = {
      name,
      ownerId,
      slug: slug ? writtenSlug(slug) : uniqueSlug(name),
      isPersonal,
      settingsJson: settings,
    };
    return refuseTaken(row.slug, () =>
      dbContext(async () => {
        const workspace = await KernelWorkspace.save(row);
        const owner = { workspaceId: workspace.id, userId: ownerId, role: 'owner', joinedAt: new Date() } as const;
        await KernelWorkspaceMember.save(owner);
        return workspace;
      }, this.#on),
    );
  }

  /** The user's personal workspace, made now where there is none. */
  async ensurePersonal(user: { id: string; email?: string | null; username?: string }): Promise<KernelWorkspace> {
    const existing = await this.getPersonalWorkspace(user.id);
    if (existing) return existing;
    const [who = ''] = (user.email ?? user.username ?? '').split('@');
    try {
      return await this.create({ name: `${who || 'My'}'s Workspace`, ownerId: user.id, isPersonal: true });
    } catch (error) {
      const winner = error instanceof ConflictError ? await this.getPersonalWorkspace(user.id) : null;
      if (winner) return winner;
      throw error;
    }
  }

  async get(workspaceId: string): Promise<KernelWorkspace | null> {
    return KernelWorkspace.get(workspaceId, this.#on);
  }

  async getBySlug(slug: string): Promise<KernelWorkspace | null> {
    return KernelWorkspace.findOne({ where: { slug }, ...this.#on });
  }

  async getPersonalWorkspace(userId: string): Promise<KernelWorkspace | null> {
    return KernelWorkspace.findOne({ where: { ownerId: userId, isPersonal: true }, ...this.#on });
  }

  /** Every workspace the user is a member of, with the user's role in it; the oldest membership first. */
  async listForUser(userId: string): Promise<RoledWorkspace[]> {
    const memberships = await KernelWorkspaceMember.find({ where: { userId }, orderBy: { id: 'asc' }, ...this.#on });
    const ids = memberships.map(({ workspaceId }) => workspaceId);
    const found = ids.length > 0 ? await KernelWorkspace.find({ where: { id: { in: ids } }, ...this.#on }) : [];
    const byId = new Map(found.map((workspace) => [workspace.id, workspace]));
    return memberships.flatMap(({ workspaceId, role }) => {
      const workspace = byId.get(workspaceId);
      return workspace ? [Object.assign(workspace, { role })] : [];
    });
  }

  async countOwned(userId: string): Promise<number> {
    return KernelWorkspace.count({ where: { ownerId: userId }, ...this.#on });
  }

  /** Null when there is no such workspace. @throws ConflictError when the slug is taken. */
  async update(workspaceId: string, { name, slug, settings }: WorkspaceChanges): Promise<KernelWorkspace | null> {
    const changes = {
      ...(name !== undefined && { name }),
      ...(slug !== undefined && { slug: writtenSlug(slug) }),
      ...(settings !== undefined && { settingsJson: settings }),
    };
    return refuseTaken(changes.slug ?? '', () => KernelWorkspace.update(workspaceId, changes, this.#on));
  }

  /** With its members, invites, projects and whatever else names it. */
  async delete(workspaceId: string): Promise<boolean> {
    return KernelWorkspace.delete(workspaceId, this.#on);
  }
}

/** @throws ValidationError for a slug in which nothing is left. */
export function writtenSlug(given: string): string {
  const slug = slugOf(given);
  if (slug) return slug;
  throw new ValidationError([{ loc: ['body', 'slug'], msg: 'Use letters or digits', type: 'slug' }]);
}

async function refuseTaken<T>(slug: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ConstraintError) || error.kind !== 'unique') throw error;
    throw new ConflictError(`Workspace with slug '${slug}' already exists`, { cause: error });
  }
}
