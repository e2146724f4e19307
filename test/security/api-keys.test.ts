import { createApiKey, createRouter } from 'app-kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../setup/people.js';

const router = createRouter({ prefix: '/orders' });
router.get('', { auth: { scope: 'orders:read' } }, ({ user }) => ({ user: user.id, role: user.role }));

let world: People;
let ada: Person;
let eve: Person;

beforeEach(async () => {
  world = await openPeople({ routers: [router] });
  [ada, eve] = [await world.join('ada'), await world.join('eve')];
});

afterEach(() => world.close());

const keyOf = async (person: Person, fields: object = {}): Promise<string> =>
  (await person.send('POST', '/api-keys', { name: 'k', scopes: ['*'], ...fields })).body.key;
const status = async (method: string, path: string, key: string, body?: unknown) =>
  (await world.send(method, path, body, key)).status;

it('a key’s owner is who made it, whatever the body says', async () => {
  const made = await eve.send('POST', '/api-keys', {
    name: 'k',
    scopes: ['*'],
    user_id: ada.id,
    userId: ada.id,
    id: 'x',
  });
  expect((await world.send('GET', '/orders', undefined, made.body.key)).body.user).toBe(eve.id);
  const space = (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id;
  const foreign = await eve.send('POST', '/api-keys', { name: 'k', workspace_id: space });
  expect([foreign.status, foreign.body.detail]).toEqual([403, 'Not a member of this workspace']);
  expect((await eve.send('POST', '/api-keys', { name: 'k' }, { 'x-workspace-id': space })).status).toBe(403);
});

it('a key is refused with the next request after its end, its user’s, or its user’s membership', async () => {
  const space = (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id;
  await world.service.kernel.saas.members.add(space, eve.id);
  const [inSpace, personal] = [await keyOf(eve, { workspace_id: space }), await keyOf(eve)];
  expect([await status('GET', '/orders', inSpace), await status('GET', '/orders', personal)]).toEqual([200, 200]);
  await ada.send('DELETE', `/workspaces/${space}/members/${eve.id}`);
  expect([await status('GET', '/orders', inSpace), await status('GET', '/orders', personal)]).toEqual([401, 200]);
  await world.service.kernel.userStore.setActive?.(eve.id, false);
  expect(await status('GET', '/orders', personal)).toBe(401);
});

it('no key mints keys, changes the password, sees sessions, manages workspaces or reaches admin routes', async () => {
  await world.service.kernel.userStore.setRole?.(ada.id, 'admin');
  const space = (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id;
  for (const scopes of [['orders:read'], ['*'], ['admin:*', 'api-keys:*']]) {
    const key = await keyOf(ada, { scopes, workspace_id: space });
    const tries: Array<[string, string, unknown?]> = [
      ['POST', '/api-keys', { name: 'more', scopes: ['*'] }],
      ['GET', '/api-keys'],
      ['POST', '/auth/change-password', { old_password: ada.password, new_password: 'nine loud herons' }],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions'],
      ['POST', `/workspaces/${space}/invites`, { email: 'x@example.com', role: 'admin' }],
      ['DELETE', `/workspaces/${space}`],
    ];
    for (const [method, path, body] of tries) expect(await status(method, path, key, body), path).toBe(403);
    const metrics = await world.inject('/metrics', { headers: { authorization: `Bearer ${key}` } });
    expect(metrics.status).toBe(403);
  }
});

it('a key of an admin is no admin', async () => {
  await world.service.kernel.userStore.setRole?.(ada.id, 'admin');
  const key = await keyOf(ada);
  expect((await world.send('GET', '/orders', undefined, key)).body.role).toBe('user');
});

it('a malformed key is told apart from a wrong one, and neither says more', async () => {
  const answers = [];
  for (const key of ['sk_live_short', `sk_live_${'A'.repeat(43)}`]) {
    answers.push((await world.send('GET', '/orders', undefined, key)).body.detail);
  }
  expect(answers).toEqual(['Invalid API key format', 'Invalid or expired API key']);
});

it('a squatter’s keys die when the owner of the address takes the account', async () => {
  const squatter = await world.join('victim', { isVerified: false });
  const { key } = await createApiKey(squatter.id, null, { name: 'left behind', scopes: ['*'] });
  await world.send('POST', '/auth/forgot-password', { email: squatter.email });
  const mail = () => world.mails().find(({ subject }) => subject === 'Set a new password');
  await expect.poll(mail).toBeDefined();
  const token = /Your code: (\S+)/.exec(mail()?.text ?? '')?.[1];
  await world.send('POST', '/auth/reset-password', { token, password: 'nine loud herons' });
  expect(await status('GET', '/orders', key)).toBe(401);
});
