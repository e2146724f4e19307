import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../../src/base/errors.js';
import { type Authenticator, KernelAuthSession, KernelAuthUser } from '../../../src/features/auth/index.js';
import { AuthError, createRouter, UserIdentity } from '../../../src/http/index.js';
import { AUTH_BACKENDS, openTestAuth, signUp, type TestAuth } from './harness.js';

const backend = AUTH_BACKENDS.find(({ name }) => name === 'redis (in memory)');
if (!backend) throw new Error('the in-memory backend is missing');

const router = createRouter({ prefix: '/things' });
router.get('/public', {}, ({ user }) => ({ user: user?.id ?? null }));
router.get('/optional', { auth: 'optional' }, ({ user, auth }) => ({ user: user?.id ?? null, auth }));
router.get('/mine', { auth: 'user' }, ({ user, auth }) => ({ user: user.toDict(), auth }));
router.get('/either', { auth: { proof: 'any' } }, ({ user, auth }) => ({ user: user.id, auth }));
router.get('/signed-in', { auth: { proof: 'session' } }, ({ user }) => ({ user: user.id }));
router.get('/admin', { auth: 'admin' }, ({ user }) => ({ user: user.id }));

const apiKeys: Authenticator = {
  claims: (credential) => credential.startsWith('sk_'),
  authenticate: async (credential) => {
    if (credential !== 'sk_good' && credential !== 'sk_full') throw new AuthError('Unknown API key');
    const scopes = credential === 'sk_full' ? ['*'] : ['a:b'];
    const user = new UserIdentity({ id: 'robot', role: 'admin' });
    return { user, auth: { type: 'api_key', userId: 'robot', scopes } };
  },
};

describe('the authentication slot', () => {
  let test: TestAuth;
  const get = (path: string, token?: string, headers?: Record<string, string>) =>
    test.app.send('GET', path, { ...(token !== undefined && { token }), ...(headers && { headers }) });

  beforeEach(async () => {
    test = await openTestAuth(backend, { routers: [router], authenticators: [apiKeys] });
  });

  afterEach(() => test.close());

  it('fills user and proof', async () => {
    const { access, userId } = await signUp(test.app, 'ada@example.com');
    const { status, body } = await get('/things/mine', access);
    expect(status).toBe(200);
    expect(body.user).toMatchObject({ id: userId, email: 'ada@example.com', role: 'user', is_active: true });
    expect(body.auth).toMatchObject({ type: 'user', userId, sessionId: expect.any(String) });
  });

  it('leaves public and optional routes open with a bad token, and tells guarded ones why', async () => {
    expect((await get('/things/public', 'nonsense')).body).toEqual({ user: null });
    expect((await get('/things/optional', 'nonsense')).body).toEqual({ user: null, auth: null });
    const { status, body } = await get('/things/mine', 'nonsense');
    expect([status, body.detail]).toEqual([401, 'Invalid token: jwt malformed']);
  });

  it('takes no other scheme', async () => {
    const { status, body } = await get('/things/mine', undefined, { authorization: 'Basic YTpi' });
    expect([status, body.detail]).toEqual([401, 'Not authenticated']);
  });

  it('reads the scheme in any case', async () => {
    const { access } = await signUp(test.app);
    expect((await get('/things/mine', undefined, { authorization: `bearer  ${access}` })).status).toBe(200);
  });

  it('refuses a refresh token by name', async () => {
    const { refresh } = await signUp(test.app);
    expect((await get('/things/mine', refresh)).body.detail).toBe('Expected access token');
  });

  it('takes the stored role, and admin routes answer 403 without it', async () => {
    const { access, userId } = await signUp(test.app);
    const before = await get('/things/admin', access);
    expect([before.status, before.body.detail]).toEqual([403, 'Admin access required']);
    await test.userStore.setRole(userId, 'admin');
    test.clock.advance(1_000);
    expect((await get('/things/admin', access)).status).toBe(200);
  });

  it('other kinds of proof go to those who claim them', async () => {
    expect((await get('/things/mine', 'sk_full')).body.auth).toEqual({
      type: 'api_key',
      userId: 'robot',
      scopes: ['*'],
    });
    expect((await get('/things/mine', 'sk_bad')).body.detail).toBe('Unknown API key');
  });

  it('a narrow API key opens only what says so, and no key at all what asks for a session or an admin', async () => {
    const answers = async (key: string) => {
      const paths = ['/things/either', '/things/mine', '/things/signed-in', '/things/admin'];
      return Promise.all(paths.map(async (path) => (await get(path, key)).status));
    };
    expect(await answers('sk_good')).toEqual([200, 403, 403, 403]);
    expect(await answers('sk_full')).toEqual([200, 200, 403, 403]);
    expect((await get('/things/optional', 'sk_good')).body.user).toBeNull();
    expect((await get('/things/optional', 'sk_full')).body.user).toBe('robot');
  });

  it('asks the stores once for many simultaneous requests, and again after three quarters of a second', async () => {
    const { access } = await signUp(test.app);
    let reads = 0;
    const get = test.sessionStore.get.bind(test.sessionStore);
    test.sessionStore.get = (id) => {
      reads += 1;
      return get(id);
    };
    await Promise.all(Array.from({ length: 20 }, () => test.app.send('GET', '/things/mine', { token: access })));
    expect(reads).toBe(1);
    test.clock.advance(751);
    await test.app.send('GET', '/things/mine', { token: access });
    expect(reads).toBe(2);
  });

  it('answers 503 on guarded routes while the stores do not answer, and 200 again afterwards', async () => {
    const { access } = await signUp(test.app);
    const get = test.sessionStore.get.bind(test.sessionStore);
    test.sessionStore.get = async () => {
      throw new ConnectionError('the store is away');
    };
    const answer = await test.app.send('GET', '/things/mine', { token: access });
    expect([answer.status, answer.body.code]).toEqual([503, 'E_CONNECTION']);
    expect(answer.body.detail).not.toContain('store');
    expect((await test.app.send('GET', '/things/public', { token: access })).status).toBe(200);
    test.sessionStore.get = get;
    expect((await test.app.send('GET', '/things/mine', { token: access })).status).toBe(200);
  });
});

describe('with user and session in one database', () => {
  const database = AUTH_BACKENDS.find(({ name }) => name === 'database');
  if (!database) throw new Error('the database backend is missing');
  let test: TestAuth;

  beforeEach(async () => {
    test = await openTestAuth(database);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  it('one query answers both, once in three quarters of a second', async () => {
    const { access } = await signUp(test.app);
    const queries = [
      vi.spyOn(KernelAuthUser, 'get'),
      vi.spyOn(KernelAuthUser, 'findOne'),
      vi.spyOn(KernelAuthSession, 'get'),
      vi.spyOn(KernelAuthSession, 'findOne'),
    ];
    const { authenticate } = test.auth;
    const identify = () =>
      authenticate({ get: () => `Bearer ${access}`, state: {} } as unknown as Parameters<typeof authenticate>[0]);
    await Promise.all([identify(), identify(), identify()]);
    expect(queries.map((query) => query.mock.calls.length)).toEqual([0, 1, 0, 0]);
  });

  it('says which of the two is wrong', async () => {
    const [disabled, ended, old] = [await signUp(test.app), await signUp(test.app), await signUp(test.app)];
    const detail = async (token: string) => (await test.app.send('GET', '/auth/me', { token })).body.detail;
    await test.userStore.setActive(disabled.userId, false);
    await test.app.send('POST', '/auth/logout', { token: ended.access });
    expect(await detail(disabled.access)).toBe('User not found');
    expect(await detail(ended.access)).toBe('Session has ended');
    await test.db?.execute('UPDATE kernel_auth_sessions SET expires_at = ?', [new Date(test.clock.now())]);
    expect(await detail(old.access)).toBe('Session has ended');
  });

  it('a database that is gone closes guarded routes, sign-in and logout with 503, and no public route', async () => {
    const app = test.app;
    const { access, refresh: token } = await signUp(app);
    await test.close();
    const answers = await Promise.all([
      app.send('GET', '/auth/me', { token: access }),
      app.send('POST', '/auth/login', { body: { username: 'a@example.com', password: 'any password' } }),
      app.send('POST', '/auth/refresh', { body: { refresh_token: token } }),
      app.send('POST', '/auth/logout', { token: access }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  });
});
