import { createRouter, quickService, type Service, ServiceConfig, type ServiceOptions, sse } from 'app-kernel';
import { z } from 'zod';
import { Cloud } from './cloud.js';
import { deploy } from './deploy.js';

const DeploymentIn = z.object({
  app: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  servers: z.int().min(1).max(10).default(2),
});

/** A first admin to try it with. The example listens on this machine only. */
export const ADMIN = { email: 'admin@example.com', password: 'tour-of-the-house' };

export function createDeployer(cloudUrl: string, options: Partial<ServiceOptions> = {}): Service {
  const cloud = new Cloud(cloudUrl);
  const router = createRouter({ prefix: '/deployments', tags: ['deployments'] });
  // A client that leaves does not stop the work halfway: it comes back to /tasks/{id}/events.
  router.post('/', { auth: 'user', body: DeploymentIn, stream: true }, ({ body }) =>
    sse(deploy(body, cloud), { keepRunning: true }),
  );
  return quickService('deployer', {
    config: ServiceConfig.fromEnv(),
    routers: [router],
    entities: [],
    tasks: {
      destroy_droplet: (data) => cloud.destroyDroplet((data as { name: string }).name),
      remove_domain: (data) => cloud.removeDomain((data as { domain: string }).domain),
    },
    admin: ADMIN,
    ...options,
  });
}
