import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPeople, type People, type Person, type Reply } from '../setup/people.js';

let world: People;
let owner: Person;
let admin: Person;
let deputy: Person;
let member: Person;
let space: string;

beforeEach(async () => {
  world = await openPeople();
  owner = await world.join('owner');
  admin = await world.join('admin');
  deputy = await world.join('deputy');
  member = await world.join('member');
  space = (await owner.send('POST', '/workspaces', { name: 'Ours' })).body.id;
  const { members } = world.service.kernel.saas;
  await members.add(space, admin.id, 'admin');
  await members.add(space, deputy.id, 'admin');
  await members.add(space, member.id);
});

afterEach(() => world.close());

const refusal = ({ status, body }: Reply) => [status, body?.detail];
const roleOf = async (person: Person) => (await world.service.kernel.saas.members.get(space, person.id))?.role;

it('a child of one workspace cannot be reached through another', async () => {
  const mine = (await admin.send('POST', '/workspaces', { name: 'Mine' })).body.id;
  const project = (await owner.send('POST', `/workspaces/${space}/projects`, { name: 'Secret' })).body.id;
  const invite = (await owner.send('POST', `/workspaces/${space}/invites`, { email: 'x@example.com' })).body.id;
  const tries: Array<[string, string, unknown?]> = [
    ['GET', `projects/${project}`],
    ['PATCH', `projects/${project}`, { name: 'Stolen', workspace_id: mine }],
    ['DELETE', `projects/${project}`],
    ['DELETE', `invites/${invite}`],
    ['POST', `invites/${invite}/resend`],
    ['PATCH', `members/${member.id}`, { role: 'admin' }],
    ['DELETE', `members/${member.id}`],
  ];
  for (const [method, path, body] of tries) {
    expect((await admin.send(method, `/workspaces/${mine}/${path}`, body)).status, `${method} ${path}`).toBe(404);
  }
  expect((await owner.send('GET', `/workspaces/${space}/projects/${project}`)).body.name).toBe('Secret');
  expect(await roleOf(member)).toBe('member');
});

it('a change of a workspace or project reaches only the fields that are meant for it', async () => {
  const hostile = {
    owner_id: admin.id,
    workspace_id: 'w',
    role: 'owner',
    deleted_at: '2020-01-01',
    is_personal: true,
    id: 'x',
  };
  await admin.send('PATCH', `/workspaces/${space}`, { name: 'Renamed', ...hostile });
  const { body } = await owner.send('GET', `/workspaces/${space}`);
  expect(body).toMatchObject({ id: space, name: 'Renamed', owner_id: owner.id, is_personal: false });
  const made = await member.send('POST', `/workspaces/${space}/projects`, { name: 'P', ...hostile, created_by: 'me' });
  await member.send('PATCH', `/workspaces/${space}/projects/${made.body.id}`, hostile);
  expect((await member.send('GET', `/workspaces/${space}/projects/${made.body.id}`)).body).toMatchObject({
    id: made.body.id,
    workspace_id: space,
    created_by: member.id,
  });
});

it('an admin neither makes, changes nor removes an owner, nor another admin, nor climbs', async () => {
  const members = `/workspaces/${space}/members`;
  expect(refusal(await admin.send('PATCH', `${members}/${owner.id}`, { role: 'member' }))).toEqual([
    400,
    'Cannot change owner’s role',
  ]);
  expect(refusal(await admin.send('DELETE', `${members}/${owner.id}`))).toEqual([400, 'Cannot remove owner']);
  for (const target of [member, deputy, admin]) {
    expect(refusal(await admin.send('PATCH', `${members}/${target.id}`, { role: 'owner' }))).toEqual([
      403,
      'Owner access required',
    ]);
  }
  expect((await admin.send('PATCH', `${members}/${deputy.id}`, { role: 'member' })).status).toBe(403);
  expect((await admin.send('DELETE', `${members}/${deputy.id}`)).status).toBe(403);
  expect((await admin.send('POST', `/workspaces/${space}/transfer`, { user_id: admin.id })).status).toBe(403);
  expect((await admin.send('DELETE', `/workspaces/${space}`)).status).toBe(403);
  expect(
    (await admin.send('POST', `/workspaces/${space}/invites`, { email: 'x@example.com', role: 'owner' })).status,
  ).toBe(400);
  expect(await Promise.all([owner, admin, deputy, member].map(roleOf))).toEqual(['owner', 'admin', 'admin', 'member']);
});

it('two owners who leave at the same moment leave one behind', async () => {
  await owner.send('PATCH', `/workspaces/${space}/members/${admin.id}`, { role: 'owner' });
  const left = await Promise.all([owner, admin].map((who) => who.send('DELETE', `/workspaces/${space}/leave`)));
  expect(left.map(({ status }) => status).sort()).toEqual([204, 400]);
});

it('an invite opens to its verified address alone', async () => {
  const victim = 'victim@example.com';
  const { token } = (await owner.send('POST', `/workspaces/${space}/invites`, { email: victim, role: 'admin' })).body;
  const thief = await world.join('thief');
  expect(refusal(await thief.send('POST', '/invites/accept', { token }))).toEqual([
    403,
    'This invite is for another e-mail address',
  ]);
  const squatter = await world.join('victim', { isVerified: false });
  expect((await squatter.send('GET', '/invites/pending')).body).toEqual([]);
  expect(refusal(await squatter.send('POST', '/invites/accept', { token }))).toEqual([
    403,
    'Verify your e-mail address first',
  ]);
  await world.service.kernel.userStore.markEmailVerified?.(squatter.id, victim);
  expect((await squatter.send('POST', '/invites/accept', { token })).status).toBe(200);
});

it('an invite that is asked for again does not give its token to the second asker', async () => {
  const path = `/workspaces/${space}/invites`;
  const first = (await owner.send('POST', path, { email: 'x@example.com' })).body;
  const second = (await admin.send('POST', path, { email: 'X@example.com', role: 'admin' })).body;
  expect(second).toMatchObject({ id: first.id, token: null, invite_url: null, role: 'member' });
  const dump = JSON.stringify([
    await world.service.kernel.database.query('SELECT * FROM kernel_workspace_invites'),
    await world.service.kernel.database.query('SELECT * FROM kernel_workspace_invites_history'),
  ]);
  expect(dump).not.toContain(first.token);
});

it('who was removed is out with the next request', async () => {
  await admin.send('DELETE', `/workspaces/${space}/members/${member.id}`);
  expect((await member.send('GET', `/workspaces/${space}`)).status).toBe(403);
});
