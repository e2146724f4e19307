import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import { createRouter, type TypedRouter } from '../../../http/index.js';
import type { Saas } from '../create-saas.js';
import type { KernelProject } from '../entities.js';
import { Name, ProjectResponse, Settings, Slug, toProject } from './schemas.js';

const Description = z.string().max(10_000);

export function createProjectRoutes({ projects }: Saas, prefix: string): TypedRouter {
  const router = createRouter({ prefix: `${prefix}/:workspaceId/projects`, tags: ['projects'] });
  const one = '/:projectId';

  router.post(
    '',
    {
      auth: { proof: 'session', workspace: 'member' },
      body: z.object({
        name: Name,
        slug: Slug.optional(),
        description: Description.nullish(),
        settings: Settings.optional(),
      }),
      response: ProjectResponse,
      status: 201,
      summary: 'Create a project',
    },
    async ({ params, body }) => toProject(await projects.create(params.workspaceId, body)),
  );

  router.get(
    '',
    { auth: { proof: 'session', workspace: 'member' }, response: z.array(ProjectResponse), summary: 'List projects' },
    async ({ params }) => (await projects.listForWorkspace(params.workspaceId)).map(toProject),
  );

  router.get(
    one,
    { auth: { proof: 'session', workspace: 'member' }, response: ProjectResponse, summary: 'One project' },
    async ({ params }) => toProject(found(await projects.get(params.workspaceId, params.projectId))),
  );

  router.patch(
    one,
    {
      auth: { proof: 'session', workspace: 'member' },
      body: z.object({
        name: Name.optional(),
        slug: Slug.optional(),
        description: Description.nullable().optional(),
        settings: Settings.optional(),
      }),
      response: ProjectResponse,
      summary: 'Change a project',
    },
    async ({ params, body }) => toProject(found(await projects.update(params.workspaceId, params.projectId, body))),
  );

  router.delete(
    one,
    { auth: { proof: 'session', workspace: 'admin' }, summary: 'Delete a project' },
    async ({ params }) => {
      if (!(await projects.delete(params.workspaceId, params.projectId))) throw new NotFoundError('Project not found');
    },
  );
  return router;
}

function found(project: KernelProject | null): KernelProject {
  if (project) return project;
  throw new NotFoundError('Project not found');
}
