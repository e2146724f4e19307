import { ConstraintError } from '../../../base/errors.js';
import { BadRequestError } from '../../../http/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { KernelProject } from '../entities.js';
import { slugOf } from '../slugs.js';
import { writtenSlug } from './workspace-store.js';

export interface NewProject {
  name: string;
  /** Default: made of the name. Unique in its workspace. */
  slug?: string;
  description?: string | null;
  settings?: Record<string, unknown>;
}

export type ProjectChanges = Partial<NewProject>;

/** Projects in `kernel_projects`. Every verb names the workspace, so that no id leads into another one. */
export class ProjectStore {
  readonly #on: { db?: SessionHandle };

  constructor(on: { db?: SessionHandle } = {}) {
    this.#on = on;
  }

  /** @throws BadRequestError when the slug is taken in that workspace. */
  async create(workspaceId: string, { name, slug, description, settings }: NewProject): Promise<KernelProject> {
    const row = {
      workspaceId,
      name,
      slug: slug === undefined ? slugOf(name) || 'project' : writtenSlug(slug),
      description: description ?? null,
      settingsJson: settings ?? {},
    };
    return refuseTaken(row.slug, () => KernelProject.save(row, this.#on));
  }

  async get(workspaceId: string, projectId: string): Promise<KernelProject | null> {
    return KernelProject.findOne({ where: { id: projectId, workspaceId }, ...this.#on });
  }

  /** By name. */
  async listForWorkspace(workspaceId: string): Promise<KernelProject[]> {
    return KernelProject.find({ where: { workspaceId }, orderBy: { name: 'asc' }, ...this.#on });
  }

  /** Null when that workspace has no such project. @throws BadRequestError when the slug is taken. */
  async update(workspaceId: string, projectId: string, changes: ProjectChanges): Promise<KernelProject | null> {
    if (!(await this.get(workspaceId, projectId))) return null;
    const { name, slug, description, settings } = changes;
    const row = {
      ...(name !== undefined && { name }),
      ...(slug !== undefined && { slug: writtenSlug(slug) }),
      ...(description !== undefined && { description }),
      ...(settings !== undefined && { settingsJson: settings }),
    };
    return refuseTaken(row.slug ?? '', () => KernelProject.update(projectId, row, this.#on));
  }

  async delete(workspaceId: string, projectId: string): Promise<boolean> {
    return (await KernelProject.deleteMany({ id: projectId, workspaceId }, this.#on)) > 0;
  }
}

async function refuseTaken<T>(slug: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ConstraintError) || error.kind !== 'unique') throw error;
    throw new BadRequestError(`Project with slug '${slug}' already exists in workspace`, { cause: error });
  }
}
