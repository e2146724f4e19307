import type { Socket } from 'node:net';
import {
  BadRequestError,
  createRouter,
  type HttpContext,
  type SseMessage,
  sse,
  type TypedRouter,
} from '../../http/index.js';
import { runnerSlug } from './runner-slug.js';

/**
 * Tests a running service from outside: yields the events of a `TaskStream`. `baseUrl` is the service's API as it is
 * reached from its own process, `authToken` that of the admin who asked.
 */
export type TestRunner = (baseUrl: string, authToken: string) => AsyncIterable<string | SseMessage>;

export interface SelfTestRouterOptions {
  runners: readonly TestRunner[];
  /** Prefix of the API, below which runners call. */
  apiPrefix: string;
}

/** `POST /test/<name>` for each runner: for admins, as an event stream, cancelled as any task is. */
export function createSelfTestRouter({ runners, apiPrefix }: SelfTestRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix: '/test', tags: ['self-test'] });
  for (const runner of runners) {
    const slug = runnerSlug(runner.name);
    router.post(`/${slug}`, { auth: 'admin', stream: true, summary: `Run the self-test ${slug}` }, async ({ ctx }) =>
      sse(runner(ownAddress(ctx) + apiPrefix, bearerOf(ctx))),
    );
  }
  return router;
}

/**
 * Where this very connection came in. The Host header is whatever the caller wrote, and an admin's token is sent to the
 * answer.
 */
function ownAddress({ req }: HttpContext): string {
  const { localAddress, localPort, encrypted } = req.socket as Socket & { encrypted?: boolean };
  if (!localAddress || !localPort)
    throw new BadRequestError('Self-tests call the service over its own port, and this request came without one');
  const address = localAddress.replace(/^::ffff:/, '');
  return `${encrypted ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}

function bearerOf(ctx: HttpContext): string {
  return /^Bearer\s+(.+)$/i.exec(ctx.get('Authorization'))?.[1] ?? '';
}
