import type { ServerResponse } from 'node:http';
import helmet from 'koa-helmet';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { cacheHeadersFor, type Header, NEVER_STORED } from './cache-control.js';

export interface SecurityHeadersOptions {
  /** Sends HSTS. Only a service that is served by TLS for good may. */
  production?: boolean;
  /** Where answers are never stored, besides `/api`. */
  apiPrefix?: string;
}

const PERMISSIONS_POLICY =
  'accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()';
const ONE_YEAR_SECONDS = 31_536_000;

/**
 * The headers that do not depend on the request, as `[name, value]`.
 * Helmet runs once, against a response that only takes notes: 14 header functions per request cost more than the rest
 * of the pipeline's header work together.
 */
export function fixedSecurityHeaders(production: boolean): readonly Header[] {
  const noted = new Map<string, string>();
  const notebook = {
    setHeader: (name: string, value: string) => noted.set(name, value),
    removeHeader: (name: string) => noted.delete(name),
  };
  const policy = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'self'"],
        fontSrc: ["'self'", 'data:'],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
      },
    },
    frameguard: { action: 'deny' },
    hsts: production ? { maxAge: ONE_YEAR_SECONDS, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
    xssFilter: false,
  });
  void policy(takeNotes(notebook), async () => undefined);
  noted.set('X-XSS-Protection', '1; mode=block');
  noted.set('Permissions-Policy', PERMISSIONS_POLICY);
  return [...noted];
}

type Notebook = Pick<ServerResponse, 'removeHeader'> & { setHeader(name: string, value: string): unknown };
type HelmetContext = Parameters<ReturnType<typeof helmet>>[0];

function takeNotes(notebook: Notebook): HelmetContext {
  return { req: {}, res: notebook, request: {}, response: {} } as unknown as HelmetContext;
}

/** Sets the security headers and the cache rules of the path before anything can fail; handlers may override them. */
export function setSecurityHeaders({ production = false, apiPrefix }: SecurityHeadersOptions): HttpMiddleware {
  const fixed = fixedSecurityHeaders(production);
  const apiPrefixes = apiPrefix ? ['/api', apiPrefix] : ['/api'];
  return function securityHeaders(ctx: HttpContext, next: Next) {
    const { res } = ctx;
    for (const [name, value] of fixed) res.setHeader(name, value);
    const cache = mayBePersonal(ctx) ? NEVER_STORED : cacheHeadersFor(ctx.path, apiPrefixes);
    for (const [name, value] of cache) res.setHeader(name, value);
    return next();
  };
}

/**
 * `/account/x.css` looks like an asset and is whatever `/account/:tab`, or a pattern, answers: no cache may keep it for others. A route
 * for a whole folder (`/*path`) that asks for nobody serves files.
 */
function mayBePersonal({ req, state: { route } }: HttpContext): boolean {
  if (req.headers.authorization !== undefined) return true;
  if (!route) return false;
  return (
    (route.declaration?.options.auth ?? 'none') !== 'none' || typeof route.path !== 'string' || route.path.includes(':')
  );
}
