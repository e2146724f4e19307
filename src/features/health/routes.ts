import { z } from 'zod';
import { createRouter, type HttpContext, markMiddleware, type Next, type TypedRouter } from '../../http/index.js';
import { Readiness, type ReadinessOptions } from './readiness.js';

export interface HealthRouterOptions extends ReadinessOptions {
  /** Shared with whoever drains the service; default one of its own, made of `checks`. */
  readiness?: Readiness;
  /** Default `/healthz`. */
  healthPath?: string;
  /** Default `/readyz`. */
  readyPath?: string;
}

const Liveness = z.object({ status: z.literal('ok') });
const ReadinessBody = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  checks: z.record(z.string(), z.union([z.object({ healthy: z.boolean(), message: z.string() }), z.string()])),
});

const probe = markMiddleware((_ctx: HttpContext, next: Next) => next(), { rateLimit: null, quiet: true });

/** Probes: `/healthz` says the process lives, `/readyz` that it may get traffic. */
export function createHealthRouter(options: HealthRouterOptions = {}): TypedRouter {
  const { readiness = new Readiness(options), healthPath = '/healthz', readyPath = '/readyz' } = options;
  const router = createRouter({ tags: ['health'] }).use(probe);
  router.get(healthPath, { summary: 'Liveness', response: Liveness }, async () => ({ status: 'ok' as const }));
  router.get(readyPath, { summary: 'Readiness', response: ReadinessBody }, async ({ ctx }) => {
    const report = await readiness.report();
    ctx.status = report.status === 'healthy' ? 200 : 503;
    return report;
  });
  return router;
}
