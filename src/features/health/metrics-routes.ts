import {
  createRouter,
  getCurrentAdmin,
  type HttpContext,
  isForwarded,
  isPrivateAddress,
  noRateLimit,
  peerAddress,
  type TypedRouter,
} from '../../http/index.js';

/** Who may read metrics: admins, callers inside the private network (and admins), or everyone. */
export type MetricsProtection = 'admin' | 'internal' | 'none';

export interface MetricsRouterOptions {
  /** The Prometheus text. */
  render(): string | Promise<string>;
  /** Default `/metrics`. */
  path?: string;
  /** Default `admin`. */
  protection?: MetricsProtection;
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /metrics` for Prometheus. */
export function createMetricsRouter({
  render,
  path = '/metrics',
  protection = 'admin',
}: MetricsRouterOptions): TypedRouter {
  const router = createRouter({ tags: ['health'] }).use(noRateLimit());
  const auth = protection === 'admin' ? 'admin' : 'optional';
  router.get(path, { auth, summary: 'Prometheus metrics' }, async ({ ctx }) => {
    if (protection === 'internal') protectInside(ctx);
    const text = await render();
    ctx.status = 200;
    ctx.set('Content-Type', PROMETHEUS_TEXT);
    ctx.body = text;
  });
  return router;
}

/** "Inside" is told by the socket, never by a header; behind a proxy every caller is the proxy, so forwarding ends it. */
function protectInside(ctx: HttpContext): void {
  if (!comesFromInside(ctx)) getCurrentAdmin(ctx);
}

function comesFromInside(ctx: HttpContext): boolean {
  const peer = peerAddress(ctx.req);
  return !isForwarded(ctx.req) && peer !== null && isPrivateAddress(peer);
}
