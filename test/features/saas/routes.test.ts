import { Router } from '@koa/router';
import { createRouter, requireWorkspaceAdmin, requireWorkspaceMember } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../../setup/people.js';

@Entity({ table: 'tenant_notes', tenant: 'workspaceId' })
class Note extends Model {
  @Field({ type: 'string', nullable: false }) workspaceId!: string;
  @Field({ type: 'string', nullable: false }) text!: string;
}

const typed = createRouter({ prefix: '/spaces/:workspaceId/notes' });
typed.get('', { auth: { workspace: 'member' } }, async ({ user }) => ({
  texts: (await Note.find()).map(({ text }) => text),
  role: user.workspaceRole,
}));
typed.post('', { auth: { workspace: 'admin' } }, async () => {
  await Note.save({ text: 'new' });
});
const floating = createRouter({ prefix: '/here' });
floating.get('', { auth: { workspace: 'member' } }, ({ user }) => ({ id: user.workspaceId }));

const plain = new Router({ prefix: '/plain/:workspace_id' });
plain.get('/notes', requireWorkspaceMember, async (ctx) => {
  ctx.body = { texts: (await Note.find()).map(({ text }) => text), role: ctx.state.user?.workspaceRole };
});
plain.get('/admin', requireWorkspaceAdmin, (ctx) => {
  ctx.body = 'in';
});

let world: People;
let ada: Person;
let bob: Person;

beforeEach(async () => {
  world = await openPeople({ entities: [Note], routers: [typed, floating, plain] });
  [ada, bob] = [await world.join('ada'), await world.join('bob')];
});

afterEach(() => world.close());

const makeSpace = async (owner: Person, name = 'Lab'): Promise<string> =>
  (await owner.send('POST', '/workspaces', { name })).body.id;

/** Invites `guest` by mail and accepts; answers the invite. */
async function bring(owner: Person, space: string, guest: Person, role = 'member') {
  const invited = await owner.send('POST', `/workspaces/${space}/invites`, { email: guest.email, role });
  await guest.send('POST', '/invites/accept', { token: invited.body.token });
  return invited.body;
}

describe('workspaces', () => {
  it('whoever registers has a personal one', async () => {
    const { status, body } = await ada.send('GET', '/workspaces');
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        id: expect.any(String),
        name: "ada's Workspace",
        slug: expect.stringMatching(/^ada-s-workspace-[0-9a-f]{6}$/),
        owner_id: ada.id,
        is_personal: true,
        role: 'owner',
        created_at: expect.stringMatching(/Z$/),
      },
    ]);
    const refused = await ada.send('DELETE', `/workspaces/${body[0].id}`);
    expect([refused.status, refused.body.detail]).toEqual([400, 'Cannot delete personal workspace']);
    const stuck = await ada.send('DELETE', `/workspaces/${body[0].id}/leave`);
    expect([stuck.status, stuck.body.detail]).toEqual([400, 'Owner cannot leave. Transfer ownership first.']);
  });

  it('are made, seen, renamed and deleted', async () => {
    const made = await ada.send('POST', '/workspaces', { name: 'Lab', slug: 'The Lab' });
    expect([made.status, made.body]).toMatchObject([201, { name: 'Lab', slug: 'the-lab', role: 'owner' }]);
    const path = `/workspaces/${made.body.id}`;
    expect((await ada.send('GET', path)).body).toEqual(made.body);
    const renamed = await ada.send('PATCH', path, { name: 'Laboratory', owner_id: bob.id, is_personal: true });
    expect([renamed.status, renamed.body]).toMatchObject([
      200,
      { name: 'Laboratory', slug: 'the-lab', owner_id: ada.id, is_personal: false },
    ]);
    const clash = await bob.send('POST', '/workspaces', { name: 'Mine', slug: 'the-lab' });
    expect([clash.status, clash.body.detail]).toEqual([409, "Workspace with slug 'the-lab' already exists"]);
    expect((await ada.send('PATCH', path, { name: null })).status).toBe(422);
    expect((await ada.send('POST', '/workspaces', { name: ' ' })).status).toBe(422);
    expect((await ada.send('DELETE', path)).status).toBe(204);
    const gone = await ada.send('GET', path);
    expect([gone.status, gone.body.detail]).toEqual([403, 'Not a member of this workspace']);
  });

  it('are left by members, and handed over by owners', async () => {
    const space = await makeSpace(ada);
    await bring(ada, space, bob);
    const handed = await ada.send('POST', `/workspaces/${space}/transfer`, { user_id: bob.id });
    expect([handed.status, handed.body]).toMatchObject([200, { owner_id: bob.id, role: 'admin' }]);
    const nobody = await bob.send('POST', `/workspaces/${space}/transfer`, { user_id: 'nobody' });
    expect([nobody.status, nobody.body.detail]).toEqual([404, 'Member not found']);
    expect((await ada.send('DELETE', `/workspaces/${space}/leave`)).status).toBe(204);
    expect((await ada.send('GET', `/workspaces/${space}`)).status).toBe(403);
  });
});

describe('members', () => {
  it('are listed, promoted and removed by those above them', async () => {
    const space = await makeSpace(ada);
    await bring(ada, space, bob);
    const members = `/workspaces/${space}/members`;
    const { body } = await bob.send('GET', members);
    expect(body).toEqual([
      { id: expect.any(String), user_id: ada.id, role: 'owner', joined_at: expect.stringMatching(/Z$/) },
      { id: expect.any(String), user_id: bob.id, role: 'member', joined_at: expect.stringMatching(/Z$/) },
    ]);
    expect((await ada.send('PATCH', `${members}/${bob.id}`, { role: 'admin' })).body.role).toBe('admin');
    const odd = await ada.send('PATCH', `${members}/${bob.id}`, { role: 'king' });
    expect([odd.status, odd.body.detail]).toEqual([400, "Role must be 'admin' or 'member'"]);
    expect((await ada.send('PATCH', `${members}/nobody`, { role: 'admin' })).status).toBe(404);
    expect((await ada.send('DELETE', `${members}/${bob.id}`)).status).toBe(204);
    expect((await ada.send('DELETE', `${members}/${bob.id}`)).status).toBe(404);
    const self = await ada.send('DELETE', `${members}/${ada.id}`);
    expect([self.status, self.body.detail]).toEqual([400, 'Cannot remove owner']);
  });

  it('may be several owners, who may leave', async () => {
    const space = await makeSpace(ada);
    await bring(ada, space, bob, 'admin');
    await ada.send('PATCH', `/workspaces/${space}/members/${bob.id}`, { role: 'owner' });
    expect((await ada.send('DELETE', `/workspaces/${space}/leave`)).status).toBe(204);
    expect((await bob.send('GET', `/workspaces/${space}`)).body).toMatchObject({ owner_id: bob.id, role: 'owner' });
    expect((await bob.send('DELETE', `/workspaces/${space}/leave`)).status).toBe(400);
  });
});

describe('invites', () => {
  it('go out by mail, are listed without token, and make a member', async () => {
    const space = await makeSpace(ada, 'Lab <b>');
    const invited = await ada.send('POST', `/workspaces/${space}/invites`, { email: 'BOB@example.com', role: 'admin' });
    expect([invited.status, invited.body]).toMatchObject([
      201,
      { email: 'bob@example.com', role: 'admin', status: 'pending', invite_url: null, token: expect.any(String) },
    ]);
    await expect.poll(() => world.mails().length).toBeGreaterThan(0);
    const mail = world.mails().at(-1);
    expect(mail).toMatchObject({
      to: [{ address: 'bob@example.com' }],
      subject: "You've been invited to join Lab <b>",
    });
    expect(mail?.text).toContain(invited.body.token);
    expect(mail?.html).not.toContain('<b>');
    const listed = await ada.send('GET', `/workspaces/${space}/invites?status=pending`);
    expect(listed.body).toMatchObject([{ id: invited.body.id, token: null }]);
    expect((await bob.send('GET', '/invites/pending')).body).toMatchObject([{ id: invited.body.id, token: null }]);
    const accepted = await bob.send('POST', `/invites/accept?token=${invited.body.token}`);
    expect([accepted.status, accepted.body]).toEqual([
      200,
      { workspace_id: space, workspace_name: 'Lab <b>', role: 'admin' },
    ]);
    const again = await bob.send('POST', '/invites/accept', { token: invited.body.token });
    expect([again.status, again.body.detail]).toEqual([400, 'Invite is accepted']);
    expect((await ada.send('GET', `/workspaces/${space}/invites`)).body).toMatchObject([{ status: 'accepted' }]);
  });

  it('carry a link where the service knows its page, whatever host the request names', async () => {
    await world.close();
    world = await openPeople({ features: { saasInviteBaseUrl: 'https://app.example/join' } });
    [ada, bob] = [await world.join('ada'), await world.join('bob')];
    const space = await makeSpace(ada);
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const { body } = await ada.send('POST', `/workspaces/${space}/invites`, { email: bob.email }, headers);
    expect(body.invite_url).toBe(`https://app.example/join?token=${body.token}`);
    await expect.poll(() => world.mails().at(-1)?.text).toContain(body.invite_url);
    expect(JSON.stringify(world.mails())).not.toContain('evil');
  });

  it('are sent again with a new token, and cancelled', async () => {
    const space = await makeSpace(ada);
    const path = `/workspaces/${space}/invites`;
    const first = (await ada.send('POST', path, { email: bob.email })).body;
    const second = (await ada.send('POST', `${path}/${first.id}/resend`)).body;
    expect(second).toMatchObject({ id: first.id, token: expect.any(String) });
    expect((await bob.send('POST', '/invites/accept', { token: first.token })).status).toBe(404);
    expect((await ada.send('DELETE', `${path}/${first.id}`)).status).toBe(204);
    const late = await bob.send('POST', '/invites/accept', { token: second.token });
    expect([late.status, late.body.detail]).toEqual([400, 'Invite is cancelled']);
    expect((await ada.send('POST', `${path}/${first.id}/resend`)).body.detail).toBe('Invite is cancelled');
    expect((await ada.send('POST', path, { email: bob.email, role: 'owner' })).status).toBe(400);
    expect((await ada.send('POST', path, { email: 'nonsense' })).status).toBe(422);
  });
});

describe('projects', () => {
  it('are made, listed by name, changed and deleted', async () => {
    const space = await makeSpace(ada);
    const path = `/workspaces/${space}/projects`;
    const made = await ada.send('POST', path, { name: 'Rocket', settings: { fuel: 3 } });
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        name: 'Rocket',
        slug: 'rocket',
        workspace_id: space,
        settings: { fuel: 3 },
        created_by: ada.id,
        description: null,
      },
    ]);
    await ada.send('POST', path, { name: 'Apple' });
    expect((await ada.send('GET', path)).body.map(({ name }: { name: string }) => name)).toEqual(['Apple', 'Rocket']);
    const one = `${path}/${made.body.id}`;
    expect((await ada.send('PATCH', one, { description: 'up', slug: 'apple' })).status).toBe(400);
    expect((await ada.send('PATCH', one, { description: 'up' })).body).toMatchObject({
      description: 'up',
      name: 'Rocket',
    });
    expect((await ada.send('PATCH', one, { settings: null })).status).toBe(422);
    expect((await ada.send('GET', one)).body.description).toBe('up');
    expect((await ada.send('DELETE', one)).status).toBe(204);
    const gone = await ada.send('GET', one);
    expect([gone.status, gone.body.detail]).toEqual([404, 'Project not found']);
  });
});

describe('a service’s own routes', () => {
  it('see the rows of the workspace in their path, and of no other', async () => {
    const [lab, shop] = [await makeSpace(ada, 'Lab'), await makeSpace(ada, 'Shop')];
    await bring(ada, lab, bob);
    expect((await ada.send('POST', `/spaces/${lab}/notes`)).status).toBe(204);
    expect((await ada.send('GET', `/spaces/${lab}/notes`)).body).toEqual({ texts: ['new'], role: 'owner' });
    expect((await bob.send('GET', `/plain/${lab}/notes`)).body).toEqual({ texts: ['new'], role: 'member' });
    expect((await ada.send('GET', `/spaces/${shop}/notes?workspace_id=${lab}`)).body.texts).toEqual([]);
    expect((await bob.send('GET', `/spaces/${shop}/notes`, undefined, { 'x-workspace-id': lab })).status).toBe(403);
    expect((await bob.send('POST', `/spaces/${lab}/notes`)).body.detail).toBe('Admin access required');
    expect((await bob.send('GET', `/plain/${lab}/admin`)).status).toBe(403);
    expect((await world.send('GET', `/plain/${lab}/notes`)).status).toBe(401);
  });

  it('without a workspace in the path take the one that is named, else the caller’s personal one', async () => {
    const lab = await makeSpace(ada);
    const personal = await world.service.kernel.saas.workspaces.getPersonalWorkspace(ada.id);
    expect((await ada.send('GET', '/here')).body).toEqual({ id: personal?.id });
    expect((await ada.send('GET', `/here?workspace_id=${lab}`)).body).toEqual({ id: lab });
    expect((await ada.send('GET', '/here', undefined, { 'x-workspace-id': lab })).body).toEqual({ id: lab });
    expect((await bob.send('GET', `/here?workspace_id=${lab}`)).status).toBe(403);
  });
});
