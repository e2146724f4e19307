import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createAccessToken,
  getKernel,
  hashPassword,
  initAppKernel,
  JobRegistry,
  type KernelRuntime,
  type KernelSettingsInput,
  kernelSettings,
  requireAuth,
  verifyPassword,
} from 'app-kernel';
import Koa from 'koa';
import { afterEach, describe, expect, it } from 'vitest';
import { freshFolder, releaseServices, sqliteUrl } from './setup/fresh-service.js';
import { eventually, json, problemOf, type Send, sendOver, signUp } from './setup/http-calls.js';

const SECRET = 'your-secret-key-32-chars-minimum';
const kernels: KernelRuntime[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  for (const kernel of kernels.splice(0)) await kernel.close();
  await releaseServices();
});

function settings(changes: KernelSettingsInput = {}): ReturnType<typeof kernelSettings> {
  const folder = freshFolder();
  return kernelSettings({
    auth: { tokenSecret: SECRET },
    redis: { url: null },
    databaseUrl: sqliteUrl(folder),
    database: { dataDir: folder },
    observability: { logLevel: 'silent' },
    ...changes,
  });
}

async function serve(app: Koa): Promise<Send> {
  const server = createServer(app.callback());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return sendOver(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function attach(app: Koa, ...rest: Parameters<typeof initAppKernel> extends [unknown, ...infer R] ? R : never) {
  const kernel = initAppKernel(app, ...rest);
  kernels.push(kernel);
  return kernel;
}

describe('initAppKernel on a Koa application of its own', () => {
  it('runs between the middleware before and after it', async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      ctx.set('x-before', ctx.response.get('x-request-id') ? 'saw the kernel' : 'saw nothing');
    });
    const kernel = attach(app, settings());
    app.use((ctx, next) => {
      if (ctx.path !== '/own') return next();
      ctx.body = { requestId: ctx.state.requestId, kernel: ctx.state.kernel === kernel };
    });
    await kernel.ready();
    const send = await serve(app);

    const own = await send('/own');
    const health = await send('/healthz');

    expect(own.status).toBe(200);
    expect(await own.json()).toEqual({ requestId: own.headers.get('x-request-id'), kernel: true });
    expect(own.headers.get('x-before')).toBe('saw the kernel');
    expect(own.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await health.json()).toEqual({ status: 'ok' });
    await problemOf(await send('/neither'), 404);
  });

  it('guards the application’s own routes with the kernel’s accounts', async () => {
    const app = new Koa();
    const kernel = attach(app, settings());
    app.use((ctx, next) => (ctx.path === '/mine' ? requireAuth(ctx, next) : next()));
    app.use((ctx, next) => {
      if (ctx.path !== '/mine') return next();
      ctx.body = { email: ctx.state.user?.email };
    });
    await kernel.ready();
    const send = await serve(app);
    const { headers } = await signUp(send, 'own@example.com', { authPath: '/auth' });

    await problemOf(await send('/mine'), 401);
    expect(await (await send('/mine', { headers })).json()).toEqual({ email: 'own@example.com' });
  });

  it('is found again by getKernel, which names the mend where there is none', () => {
    const app = new Koa();
    const kernel = attach(app, settings());

    expect(getKernel(app) === kernel).toBe(true);
    expect(kernel.settings.auth.tokenSecret).toBe(SECRET);
    expect(Object.isFrozen(kernel.settings.auth)).toBe(true);
    expect(kernel.logger.info).toBeTypeOf('function');
    expect(kernel.metrics.increment).toBeTypeOf('function');
    expect(() => getKernel(new Koa())).toThrow(/initAppKernel|createService/);
  });

  it('connects nothing until ready()', async () => {
    const app = new Koa();
    expect(() =>
      attach(app, settings({ redis: { url: 'redis://127.0.0.1:1' }, databaseUrl: 'sqlite:///nowhere/x.db' })),
    ).not.toThrow();
  });

  it('takes jobs from a registry of the application', async () => {
    const registry = new JobRegistry();
    const done: unknown[] = [];
    registry.task('process_document')(async (data) => void done.push(data));
    const kernel = attach(new Koa(), settings(), { jobRegistry: registry });
    await kernel.ready();
    const { getJobClient } = await import('app-kernel');

    await getJobClient().enqueue('process_document', { id: 7 });

    expect(kernel.jobRegistry === registry).toBe(true);
    await eventually(() => done.length > 0, 'the job');
    expect(done).toEqual([{ id: 7 }]);
  });

  it('serves a user store of the application', async () => {
    const hash = await hashPassword('difference-engine-42');
    const user = {
      id: 'u-1',
      username: 'own@example.com',
      email: 'own@example.com',
      role: 'user',
      isActive: true,
      createdAt: new Date(),
      passwordHash: hash,
    };
    const userStore = {
      getByUsername: async (name: string) => (name.toLowerCase() === user.email ? user : null),
      getById: async (id: string) => (id === user.id ? user : null),
      create: async () => user,
      updatePassword: async () => true,
    };
    const app = new Koa();
    const kernel = attach(app, settings(), { userStore });
    await kernel.ready();
    const send = await serve(app);

    const answer = await send('/auth/login', json({ username: user.email, password: 'difference-engine-42' }));

    expect(kernel.userStore === userStore).toBe(true);
    expect(answer.status).toBe(200);
  });

  it('mounts no auth routes and still checks tokens where sign-in is external', async () => {
    const app = new Koa();
    const kernel = attach(app, settings({ features: { authMode: 'external' } }));
    app.use((ctx, next) => (ctx.path === '/mine' ? requireAuth(ctx, next) : next()));
    app.use((ctx, next) => {
      if (ctx.path !== '/mine') return next();
      ctx.body = {};
    });
    await kernel.ready();
    const send = await serve(app);
    const user = await kernel.userStore.create({ username: 'x@example.com', email: 'x@example.com' });
    const token = createAccessToken({ userId: user.id, email: user.email, secret: kernel.authConfig.tokenSecret });

    expect((await send('/auth/login', json({ username: 'a@example.com', password: 'x' }))).status).toBe(404);
    expect((await send('/mine', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });
});

/** The specification's example: a token of another provider becomes an account and an access token of ours. */
async function authenticateWithExternalToken(externalToken: string, kernel: KernelRuntime) {
  const email = `provider-${externalToken.split(':')[0]}@myapp.local`;
  const { userStore, authConfig } = kernel;
  let user = await userStore.getByUsername(email);
  if (user) await userStore.updatePassword(user.id, await hashPassword(externalToken));
  else {
    user = await userStore.create({ username: email, email, passwordHash: await hashPassword(externalToken) });
  }
  const accessToken = createAccessToken({
    userId: user.id,
    role: user.role,
    email,
    secret: authConfig.tokenSecret,
    expiresMinutes: authConfig.accessTokenExpiresMinutes,
  });
  return { accessToken, user };
}

describe('a flow of the application’s own', () => {
  it('finds or makes an account and signs its token by kernel.userStore and kernel.authConfig', async () => {
    const app = new Koa();
    const kernel = attach(app, settings());
    app.use(async (ctx, next) => {
      if (ctx.path !== '/auth/my-provider') return next();
      const runtime = ctx.state.kernel as KernelRuntime;
      const { accessToken } = await authenticateWithExternalToken(String(ctx.query.token), runtime);
      ctx.body = { access_token: accessToken };
    });
    await kernel.ready();
    const send = await serve(app);
    const tokens: string[] = [];
    for (const external of ['4711:first-token', '4711:other-token']) {
      const answer = await send(`/auth/my-provider?token=${external}`);
      expect(answer.status, await answer.clone().text()).toBe(200);
      tokens.push(((await answer.json()) as { access_token: string }).access_token);
    }

    const [first = '', second = ''] = tokens;
    const me = await send('/auth/me', { headers: { authorization: `Bearer ${second}` } });
    const stored = await kernel.userStore.getByUsername('provider-4711@myapp.local');

    expect(await me.json()).toMatchObject({ id: stored?.id, email: 'provider-4711@myapp.local', role: 'user' });
    expect(first).not.toBe('');
    expect(await verifyPassword('4711:other-token', stored?.passwordHash ?? '')).toBe(true);
  });

  it('ends by logout when it was begun with issueTokens', async () => {
    const app = new Koa();
    const kernel = attach(app, settings());
    await kernel.ready();
    const send = await serve(app);
    const user = await kernel.userStore.create({ username: 'magic@example.com', email: 'magic@example.com' });

    const tokens = await kernel.issueTokens(user);
    const headers = { authorization: `Bearer ${tokens.accessToken}` };
    expect((await send('/auth/me', { headers })).status).toBe(200);
    await send('/auth/logout', { method: 'POST', headers });

    expect((await send('/auth/me', { headers })).status).toBe(401);
  });
});
