import Koa from 'koa';
import { silentLogger, silentMetrics } from '../../../src/base/ports.js';
import type { Problem } from '../../../src/http/index.js';
import {
  AuthError,
  createStack,
  type HttpContext,
  type InjectInit,
  injectRequest,
  installStack,
  type Mountable,
  RouteTable,
  type StackOptions,
  UserIdentity,
} from '../../../src/http/index.js';

export type Send = (path: string, init?: InjectInit) => Promise<Response>;

export interface Served {
  app: Koa;
  routes: RouteTable;
  send: Send;
}

/** A Koa application with the whole stack around `routers`, and a way to send it requests without a socket. */
export function serve(routers: readonly Mountable[], options: Partial<StackOptions> = {}): Served {
  const routes = options.routes ?? new RouteTable();
  routes.mount(routers);
  const app = new Koa();
  app.silent = true;
  installStack(app, createStack({ logger: silentLogger, metrics: silentMetrics, authenticate, ...options, routes }));
  let callback: ReturnType<Koa['callback']> | undefined;
  const send: Send = (path, init) => {
    callback ??= app.callback();
    return injectRequest(callback, path, init);
  };
  return { app, routes, send };
}

/** `Bearer ann` is the user ann, `Bearer root` an admin, `Bearer bad` a refused token. */
function authenticate(ctx: HttpContext): void {
  const token = ctx.get('Authorization').replace('Bearer ', '');
  if (token === '') return;
  if (token === 'bad') throw new AuthError('Token has expired');
  ctx.state.user = new UserIdentity({
    id: token,
    email: `${token}@example.com`,
    role: token === 'root' ? 'admin' : 'user',
  });
  ctx.state.auth = { type: 'user', userId: token };
}

export function as(name: string): InjectInit {
  return { headers: { Authorization: `Bearer ${name}` } };
}

export function json(body: unknown, init: InjectInit = {}): InjectInit {
  return {
    method: 'POST',
    ...init,
    headers: { 'Content-Type': 'application/json', ...(init.headers as Record<string, string>) },
    body: JSON.stringify(body),
  };
}

/** The problem body of an error answer. */
export async function problemOf(response: Response): Promise<Problem & { errors: NonNullable<Problem['errors']> }> {
  return (await response.json()) as Problem & { errors: NonNullable<Problem['errors']> };
}
