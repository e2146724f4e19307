import { Router } from '@koa/router';
import { assignRole, createRouter, hasPermission, requirePermission, revokeRole } from 'app-kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../../setup/people.js';

const typed = createRouter({ prefix: '/docs' });
typed.get('', { auth: { permission: 'docs:read' } }, ({ user }) => ({ user: user.id }));
typed.get('/of/:workspaceId', { auth: { permission: 'docs:read', workspace: 'member' } }, () => 'in');

const plain = new Router({ prefix: '/plain' });
plain.get('/:id', requirePermission('docs:read', { resourceType: 'doc', param: 'id' }), (ctx) => {
  ctx.body = 'in';
});

let world: People;
let root: Person;
let ada: Person;

beforeEach(async () => {
  world = await openPeople({ routers: [typed, plain] });
  [root, ada] = [await world.join('root'), await world.join('ada')];
  await world.service.kernel.userStore.setRole?.(root.id, 'admin');
  await root.send('POST', '/admin/roles', { name: 'reader', permissions: ['docs:read'] });
});

afterEach(() => world.close());

const status = async (path: string, person = ada) => (await person.send('GET', path)).status;

it('admins make roles, give them and take them', async () => {
  const listed = await root.send('GET', '/admin/roles');
  expect([listed.status, listed.body]).toMatchObject([
    200,
    [{ name: 'reader', permissions: ['docs:read'], description: null }],
  ]);
  const refused = await ada.send('GET', '/docs');
  expect([refused.status, refused.body.detail]).toEqual([403, 'Missing required permission: docs:read']);
  const given = await root.send('POST', '/admin/roles/assignments', { user_id: ada.id, role: 'reader' });
  expect([given.status, given.body]).toMatchObject([
    200,
    { user_id: ada.id, resource_type: null, resource_id: null, granted_by: root.id, expires_at: null },
  ]);
  expect(await status('/docs')).toBe(200);
  expect((await root.send('GET', `/admin/roles/assignments?user_id=${ada.id}`)).body).toEqual([given.body]);
  expect((await root.send('DELETE', '/admin/roles/assignments', { user_id: ada.id, role: 'reader' })).status).toBe(204);
  expect(await status('/docs')).toBe(403);
  expect((await root.send('DELETE', `/admin/roles/assignments?user_id=${ada.id}&role=reader`)).status).toBe(404);
  expect((await root.send('POST', '/admin/roles/assignments', { user_id: 'nobody', role: 'reader' })).status).toBe(404);
  expect((await root.send('POST', '/admin/roles/assignments', { user_id: ada.id, role: 'king' })).status).toBe(404);
  expect((await root.send('DELETE', `/admin/roles/${listed.body[0].id}`)).status).toBe(204);
  expect((await root.send('DELETE', `/admin/roles/${listed.body[0].id}`)).status).toBe(404);
});

it('roles for one resource count for it alone, for a workspace inside it', async () => {
  const space = (await ada.send('POST', '/workspaces', { name: 'Lab' })).body.id;
  expect(await status(`/docs/of/${space}`)).toBe(403);
  await assignRole(ada.id, 'reader', { resourceType: 'workspace', resourceId: space });
  expect([await status(`/docs/of/${space}`), await status('/docs')]).toEqual([200, 403]);
  await assignRole(ada.id, 'reader', { resourceType: 'doc', resourceId: 'd1' });
  expect([await status('/plain/d1'), await status('/plain/d2')]).toEqual([200, 403]);
  expect(await hasPermission(ada.id, 'docs:read', { resourceType: 'doc', resourceId: 'd1' })).toBe(true);
  expect(await revokeRole(ada.id, 'reader', { resourceType: 'doc', resourceId: 'd1' })).toBe(true);
  expect(await status('/plain/d1')).toBe(403);
});

it('admins pass, and nobody else reaches the admin routes', async () => {
  expect([await status('/docs', root), await status('/plain/d9', root)]).toEqual([200, 200]);
  expect(await status('/admin/roles')).toBe(403);
  const tries = await ada.send('POST', '/admin/roles/assignments', { user_id: ada.id, role: 'reader' });
  expect(tries.status).toBe(403);
  expect((await world.send('GET', '/admin/roles')).status).toBe(401);
});
