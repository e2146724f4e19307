import { type AmbientContext, runInContext } from '../../base/context.js';
import { uuidv7 } from '../../base/ids.js';
import type { Services } from '../../base/services.js';
import type { HttpContext, HttpMiddleware, KernelState, Next } from '../request-state.js';
import { originForm } from '../request-target.js';
import { clientAddress } from './client-address.js';

export interface RequestIdOptions {
  /** Sends `X-Request-ID`; the id exists for logs either way. */
  send?: boolean;
  /** Proxies in front of this process whose `X-Forwarded-For` entry is a fact. */
  trustProxy?: number;
  services?: Services;
  /** Put on `ctx.state` of every request. */
  state?: Readonly<Partial<KernelState>>;
}

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/;
const MAX_USER_AGENT_LENGTH = 512;

/**
 * Gives the request its id and address, and opens the context that every log line and query inside belongs to. It inherits
 * nothing: connections carry the context in which the server was told to listen.
 */
export function identifyRequest({ send = true, trustProxy = 0, services, state }: RequestIdOptions): HttpMiddleware {
  return function requestId(ctx: HttpContext, next: Next) {
    ctx.url = originForm(ctx.url); // every stage from here on may rely on a path
    const incoming = ctx.req.headers['x-request-id'];
    const id = typeof incoming === 'string' && ACCEPTED.test(incoming) ? incoming : uuidv7();
    const ipAddress = clientAddress(ctx.req, trustProxy);
    Object.assign(ctx.state, state);
    ctx.state.requestId = id;
    ctx.state.ipAddress = ipAddress;
    ctx.state.startedAt = new Date();
    if (send) ctx.res.setHeader('X-Request-ID', id);
    const ambient: AmbientContext = {
      requestId: id,
      ...(ipAddress !== null && { ipAddress }),
      userAgent: ctx.req.headers['user-agent']?.slice(0, MAX_USER_AGENT_LENGTH),
      ...(services && { services }),
    };
    return runInContext(ambient, next);
  };
}
