import { Router } from '@koa/router';
import {
  checkScope,
  createApiKey,
  createRouter,
  getCombinedAuth,
  listApiKeys,
  requireScope,
  revokeApiKey,
} from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../../setup/people.js';

const typed = createRouter({ prefix: '/orders' });
typed.get('', { auth: { scope: 'orders:read' } }, ({ user, auth }) => ({ user: user.id, auth }));
typed.get('/mine', { auth: 'user' }, ({ user }) => ({ user: user.id }));
typed.get('/of/:workspaceId', { auth: { scope: 'orders:read', workspace: 'member' } }, ({ user }) => ({
  role: user.workspaceRole,
}));

const plain = new Router({ prefix: '/plain' });
plain.delete('/orders', requireScope('orders:delete'), (ctx) => {
  ctx.body = getCombinedAuth(ctx);
});
plain.get('/who', (ctx) => {
  const auth = getCombinedAuth(ctx);
  ctx.body = { ...auth, mayRead: checkScope(auth, 'orders:read') };
});

let world: People;
let ada: Person;
let bob: Person;

beforeEach(async () => {
  world = await openPeople({ routers: [typed, plain] });
  [ada, bob] = [await world.join('ada'), await world.join('bob')];
});

afterEach(() => world.close());

const make = async (person: Person, fields: object = {}) =>
  (await person.send('POST', '/api-keys', { name: 'CI', ...fields })).body as { id: string; key: string };
const get = async (path: string, key: string) => world.send('GET', path, undefined, key);

describe('the routes', () => {
  it('make a key, show it once, list it without, and revoke it', async () => {
    const made = await ada.send('POST', '/api-keys', { name: 'CI', scopes: ['orders:read'], expires_in_days: 90 });
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.any(String),
        key: expect.stringMatching(/^sk_live_[\w-]{43}$/),
        name: 'CI',
        scopes: ['orders:read'],
        expires_at: expect.stringMatching(/Z$/),
        created_at: expect.stringMatching(/Z$/),
      },
    ]);
    const { id, key } = made.body;
    expect((await get('/orders', key)).status).toBe(200);
    const listed = await ada.send('GET', '/api-keys');
    expect(listed.body).toEqual([
      {
        id,
        name: 'CI',
        key_prefix: `${key.slice(0, 12)}...`,
        scopes: ['orders:read'],
        workspace_id: expect.any(String),
        expires_at: made.body.expires_at,
        last_used_at: expect.stringMatching(/Z$/),
        revoked_at: null,
        created_at: made.body.created_at,
      },
    ]);
    expect((await ada.send('GET', `/api-keys/${id}`)).body).toEqual(listed.body[0]);
    expect((await ada.send('DELETE', `/api-keys/${id}`)).status).toBe(204);
    const late = await get('/orders', key);
    expect([late.status, late.body.detail]).toEqual([401, 'Invalid or expired API key']);
    expect((await ada.send('GET', '/api-keys')).body).toEqual([]);
    expect((await ada.send('GET', '/api-keys?include_revoked=true')).body).toMatchObject([
      { id, revoked_at: expect.any(String) },
    ]);
    expect((await ada.send('DELETE', `/api-keys/${id}`)).status).toBe(404);
  });

  it('rotate a key: the old secret is dead, the new one has the same scopes', async () => {
    const { id, key } = await make(ada, { scopes: ['orders:*'] });
    const rotated = await ada.send('POST', `/api-keys/${id}/rotate`);
    expect([rotated.status, rotated.body]).toMatchObject([200, { id, scopes: ['orders:*'] }]);
    expect((await get('/orders', key)).status).toBe(401);
    expect((await get('/orders', rotated.body.key)).status).toBe(200);
  });

  it('refuse what is no scope, and too many keys', async () => {
    expect((await ada.send('POST', '/api-keys', { name: 'x', scopes: ['a b'] })).status).toBe(422);
    expect((await ada.send('POST', '/api-keys', { name: 'x', expires_in_days: -1 })).status).toBe(422);
    for (let count = 0; count < 100; count++) await createApiKey(ada.id, null, { name: 'many' });
    expect((await ada.send('POST', '/api-keys', { name: 'x' })).status).toBe(400);
  });

  it('let admins of a workspace see and revoke its keys, and only owners of a key rotate it', async () => {
    const space = (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id;
    await world.service.kernel.saas.members.add(space, bob.id);
    const { id } = await make(bob, { workspace_id: space });
    expect((await ada.send('GET', `/api-keys?workspace_id=${space}`)).body).toMatchObject([
      { id, workspace_id: space },
    ]);
    expect((await ada.send('POST', `/api-keys/${id}/rotate`)).status).toBe(404);
    expect((await ada.send('DELETE', `/api-keys/${id}`)).status).toBe(204);
    const mine = await make(ada, { workspace_id: space });
    expect((await bob.send('GET', `/api-keys?workspace_id=${space}&include_revoked=1`)).body).toMatchObject([{ id }]);
    expect((await bob.send('GET', `/api-keys/${mine.id}`)).status).toBe(404);
  });
});

describe('a key', () => {
  it('opens what its scopes name', async () => {
    const { key } = await make(ada, { scopes: ['orders:read'] });
    const { body } = await get('/orders', key);
    expect(body).toMatchObject({ user: ada.id, auth: { type: 'api_key', userId: ada.id, scopes: ['orders:read'] } });
    const refused = await world.send('DELETE', '/plain/orders', undefined, key);
    expect([refused.status, refused.body.detail]).toEqual([403, 'Missing required scope: orders:delete']);
    const wide = await make(ada, { scopes: ['orders:*'] });
    expect((await world.send('DELETE', '/plain/orders', undefined, wide.key)).body).toMatchObject({ type: 'api_key' });
    expect((await get('/auth/me', key)).body.email).toBe(ada.email);
  });

  it('without scopes opens nothing that a scope or a user guards', async () => {
    const { key } = await make(ada);
    expect([(await get('/orders', key)).status, (await get('/orders/mine', key)).status]).toEqual([403, 403]);
    expect((await get('/plain/who', key)).body).toMatchObject({ type: 'api_key', scopes: [], mayRead: false });
  });

  it('with every scope stands for its user', async () => {
    const { key } = await make(ada, { scopes: ['*'] });
    expect((await get('/orders/mine', key)).body).toEqual({ user: ada.id });
  });

  it('is good for its own workspace', async () => {
    const [lab, shop] = [
      (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id,
      (await ada.send('POST', '/workspaces', { name: 'Shop' })).body.id,
    ];
    const { key } = await make(ada, { workspace_id: lab, scopes: ['*'] });
    expect((await get(`/orders/of/${lab}`, key)).body).toEqual({ role: 'owner' });
    expect((await get(`/orders/of/${shop}`, key)).status).toBe(403);
    expect((await get('/plain/who', key)).body.workspaceId).toBe(lab);
    const everywhere = await createApiKey(ada.id, null, { name: 'all', scopes: ['*'] });
    expect((await get(`/orders/of/${shop}`, everywhere.key)).status).toBe(200);
  });

  it('goes with its workspace', async () => {
    const lab = (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id;
    const { id, key } = await make(ada, { workspace_id: lab, scopes: ['*'] });
    await ada.send('DELETE', `/workspaces/${lab}`);
    expect((await get('/orders', key)).status).toBe(401);
    expect(await world.service.kernel.apiKeys.get(id)).toBeNull();
  });

  it('may have a limit of its own', async () => {
    const { key } = await createApiKey(ada.id, null, { name: 'slow', scopes: ['*'], rateLimit: 2 });
    const answers = [await get('/orders', key), await get('/orders', key), await get('/orders', key)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers.get('x-ratelimit-limit')).toBe('2');
    expect((await ada.send('GET', '/orders')).status).toBe(200);
  });
});

it('who has signed in passes every scope', async () => {
  expect((await ada.send('GET', '/orders')).body).toMatchObject({ user: ada.id, auth: { type: 'user' } });
  expect((await ada.send('GET', '/plain/who')).body).toMatchObject({ type: 'user', scopes: ['*'], mayRead: true });
  expect((await world.send('GET', '/plain/who')).status).toBe(401);
});

it('the functions do the same in code', async () => {
  const made = await createApiKey(ada.id, null, { name: 'code', scopes: ['orders:read'], expiresInDays: 1 });
  expect(made.expiresAt).toBeInstanceOf(Date);
  expect(await listApiKeys(ada.id)).toMatchObject([{ id: made.id, name: 'code' }]);
  expect(await revokeApiKey(made.id, bob.id)).toBe(false);
  expect(await revokeApiKey(made.id, ada.id)).toBe(true);
  expect(await listApiKeys(ada.id)).toEqual([]);
  await expect(createApiKey(ada.id, null, { name: 'x', scopes: [':'] })).rejects.toThrow(/resource:action/);
});

it('where nobody signs in, a user is who has a key', async () => {
  const test = await openPeople({ routers: [typed], features: { authMode: 'apikey' } });
  const user = await test.service.kernel.userStore.create({ username: 'robot' });
  const { key } = await createApiKey(user.id, null, { name: 'robot', scopes: ['orders:read'] });
  expect((await test.send('GET', '/orders/mine', undefined, key)).status).toBe(200);
  expect((await test.send('GET', '/api-keys', undefined, key)).status).toBe(403);
  expect((await test.send('POST', '/auth/login', {})).status).toBe(404);
  await test.close();
});
