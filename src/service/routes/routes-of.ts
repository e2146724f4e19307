import Koa from 'koa';
import { runWithContext } from '../../base/context.js';
import { Lifecycle } from '../../base/lifecycle.js';
import { silentLogger } from '../../base/ports.js';
import { buildOpenApi, type MatchedRoute, type OpenApiDocument } from '../../http/index.js';
import { bootKernel } from '../boot.js';
import { KernelRuntime } from '../kernel-runtime.js';

/**
 * Every route that the kernel will have, found out on engines in memory: no server is reached, nothing is migrated, no hook
 * of the service runs.
 */
export async function routesOf(kernel: KernelRuntime): Promise<readonly MatchedRoute[]> {
  const { redis, databaseUrl } = kernel.settings;
  const settings = {
    ...kernel.settings,
    redis: { ...redis, url: null },
    databaseUrl: databaseUrl === null ? null : 'sqlite::memory:',
  };
  const parts = { ...kernel.parts, environment: kernel.environment, logger: silentLogger };
  const twin = new KernelRuntime(new Koa(), settings, parts);
  const lifecycle = new Lifecycle();
  const { environment, logger, metrics, services, readiness, authConfig, jobRegistry } = twin;
  const boot = { settings, environment, logger, metrics, services, readiness, lifecycle, authConfig };
  return runWithContext({ services }, async () => {
    try {
      const { routes } = await bootKernel({ ...boot, kernel: twin, parts: { ...parts, jobRegistry } });
      return routes.routes();
    } finally {
      await lifecycle.close();
      services.close();
    }
  });
}

/** What `GET /openapi.json` will answer. */
export async function openApiOf(kernel: KernelRuntime): Promise<OpenApiDocument> {
  const { version = '1.0.0', description = '' } = kernel.parts;
  const title = kernel.settings.observability.serviceName;
  return buildOpenApi(await routesOf(kernel), { title, version, description });
}
