import { AuthServiceAdapter, createAuthRouter, createRouter } from 'app-kernel';
import { afterEach, expect, it } from 'vitest';
import { openPeople, type People } from '../../setup/people.js';

const SECRET = 'a secret of at least thirty-two characters';
let world: People;

afterEach(() => world.close());

const mine = createRouter({ prefix: '/mine' });
mine.get('', { auth: 'user' }, ({ user }) => ({ user: user.id }));

it('createAuthRouter works by itself, beside other ways in', async () => {
  const router = createAuthRouter({ config: { tokenSecret: SECRET, issuer: 'my-api' }, prefix: '/door' });
  const features = { enableAuthRoutes: false };
  world = await openPeople({ name: 'my-api', jwtSecret: SECRET, features, routers: [router, mine] });
  expect((await world.send('POST', '/auth/login', {})).status).toBe(404);
  const ada = { username: 'ada@example.com', password: 'seven quiet herons' };
  const registered = await world.send('POST', '/door/register', ada);
  expect(registered.status).toBe(201);
  const { access_token: token } = (await world.send('POST', '/door/login', ada)).body;
  expect((await world.send('GET', '/mine', undefined, token)).body).toEqual({ user: registered.body.id });
  expect((await world.send('POST', '/door/logout', undefined, token)).status).toBe(200);
  // Two ways in are like two instances: what one ends, the other refuses within a second.
  await expect
    .poll(async () => (await world.send('GET', '/mine', undefined, token)).status, { timeout: 3000 })
    .toBe(401);
});

it('a service with users of its own has the rest: sessions, workspaces, keys', async () => {
  const users = new Map<string, Record<string, unknown>>();
  const userStore = new AuthServiceAdapter({
    getUserByUsername: async (name) => [...users.values()].find(({ email }) => email === name) ?? null,
    getUserById: async (id) => users.get(id) ?? null,
    createUser: async ({ email, passwordHash }) => {
      const user = { id: `own-${users.size + 1}`, email, password_hash: passwordHash };
      users.set(user.id, user);
      return user;
    },
    updatePassword: async (id, hash) => Boolean(Object.assign(users.get(id) ?? {}, { password_hash: hash })),
  });
  world = await openPeople({ userStore, routers: [mine] });
  const ada = await world.join('ada');
  expect((await ada.send('GET', '/workspaces')).body).toMatchObject([{ owner_id: 'own-1', is_personal: true }]);
  const { body } = await ada.send('POST', '/api-keys', { name: 'k', scopes: ['*'] });
  expect((await world.send('GET', '/mine', undefined, body.key)).body).toEqual({ user: 'own-1' });
  expect((await ada.send('GET', '/invites/pending')).body).toEqual([]); // such a store verifies no address
});
