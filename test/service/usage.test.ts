import { checkQuota, consumeQuota, createRouter, getQuotaRemaining, getUsage, trackUsage } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../setup/people.js';
import { nothingWaits } from '../setup/recorded.js';

const router = createRouter();
router.get('/orders/:id', { auth: 'optional' }, ({ params }) => ({ id: params.id }));
router.get('/tenant/:workspaceId', { auth: { workspace: 'member' } }, () => ({}));

let world: People;
let admin: Person;
afterEach(() => world.close());

async function read(path: string, who: Person = admin) {
  await nothingWaits(world.service.kernel.services);
  return who.send('GET', path);
}

describe('usage over HTTP', () => {
  let ann: Person;
  let bob: Person;
  let workspace: string;
  beforeEach(async () => {
    world = await openPeople({ routers: [router] });
    admin = await world.join('root');
    await world.service.kernel.userStore.setRole?.(admin.id, 'admin');
    await expect.poll(async () => (await admin.send('GET', '/admin/metrics')).status).toBe(200);
    ann = await world.join('ann');
    bob = await world.join('bob');
    workspace = (await world.service.kernel.saas.workspaces.create({ name: 'Ann’s', ownerId: ann.id })).id;
  });

  it('counts requests for users and workspaces by itself', async () => {
    for (let n = 0; n < 3; n++) await ann.send('GET', '/orders/1');
    await ann.send('GET', `/tenant/${workspace}`);
    const { body } = await read('/usage?period=day', ann);
    const personal = (await world.service.kernel.saas.workspaces.getPersonalWorkspace(ann.id))?.id;
    expect(body).toMatchObject({ period: new Date().toISOString().slice(0, 10), app: 'test', workspace_id: personal });
    expect(body.metrics.requests).toBe(3);
    expect(body.metrics.bytes_out).toBeGreaterThan(0);
    expect(Object.keys(body.metrics).join()).not.toContain('endpoint');
    expect((await read(`/usage/workspace/${workspace}`, ann)).body.metrics.requests).toBe(1);
    const { body: endpoints } = await read('/admin/usage/endpoints');
    expect(endpoints.endpoints['GET /api/v1/orders/:id']).toBe(3);
    for (const [id, count] of [
      [personal, 3],
      [workspace, undefined],
    ] as const) {
      const { body: there } = await read(`/admin/usage/endpoints?workspace_id=${id}`);
      expect(there.endpoints['GET /api/v1/orders/:id']).toBe(count);
    }
    expect((await read(`/admin/usage/user/${ann.id}?period=year`)).body.metrics.requests).toBeGreaterThanOrEqual(4);
  });

  it('is of the personal workspace where none is named, with what was used in none', async () => {
    const { workspaces, members } = world.service.kernel.saas;
    const personal = (await workspaces.ensurePersonal(ann)).id;
    await members.add(personal, bob.id, 'member');
    const tell = (userId: string, workspaceId: string | null, tokens: number) =>
      trackUsage({ userId, workspaceId, metrics: { tokens } });
    await tell(ann.id, null, 1);
    await tell(ann.id, personal, 2);
    await tell(bob.id, personal, 4);
    await tell(bob.id, null, 8);
    await tell(ann.id, workspace, 16);
    await nothingWaits(world.service.kernel.services);
    const used = async (path: string, who = ann, headers = {}) => {
      const { status, body } = await who.send('GET', path, undefined, headers);
      expect(status, path).toBe(200);
      return [body.workspace_id, body.metrics?.tokens ?? body.used];
    };
    expect(await used('/usage')).toEqual([personal, 3]);
    expect(await used(`/usage?workspace_id=${personal}`)).toEqual([personal, 3]);
    expect(await used('/usage', ann, { 'x-workspace-id': workspace })).toEqual([workspace, 16]);
    expect(await used(`/usage?user_id=${ann.id}`)).toEqual([null, 19]);
    expect(await used(`/usage?user_id=${ann.id}`, admin)).toEqual([null, 19]);
    expect(await used(`/usage?user_id=${ann.id}&workspace_id=${personal}`, admin)).toEqual([personal, 3]);
    expect(await used(`/admin/usage/user/${ann.id}`, admin)).toEqual([null, 19]);
    expect(await used(`/usage/workspace/${personal}`)).toEqual([personal, 7]);
    expect(await used(`/usage/workspace/${personal}`, admin)).toEqual([personal, 7]);
    expect((await used('/usage/quota/tokens?limit=9'))[1]).toBe(7);
    expect((await used(`/usage/quota/tokens?limit=9&workspace_id=${workspace}`))[1]).toBe(16);
    expect(await used(`/usage?workspace_id=${personal}`, bob)).toEqual([personal, 4]);
    const bobs = (await workspaces.ensurePersonal(bob)).id;
    expect(await used('/usage', bob)).toEqual([bobs, 8]);
    const quota = { workspaceId: personal, ownerId: ann.id, userId: ann.id, metric: 'tokens', limit: 9 };
    expect(await consumeQuota({ ...quota, amount: 3 })).toBe(false);
    expect(await consumeQuota({ ...quota, amount: 2 })).toBe(true);
    expect((await used('/usage/quota/tokens?limit=9'))[1]).toBe(9);
  });

  it('row 33: is nobody else’s to see', async () => {
    expect((await bob.send('GET', `/usage/workspace/${workspace}`)).status).toBe(404);
    expect((await bob.send('GET', '/usage/workspace/no-such')).status).toBe(404);
    expect((await bob.send('GET', `/usage?workspace_id=${workspace}`)).status).toBe(404);
    expect((await bob.send('GET', '/usage', undefined, { 'x-workspace-id': workspace })).status).toBe(404);
    expect((await bob.send('GET', `/usage/quota/tokens?limit=5&workspace_id=${workspace}`)).status).toBe(404);
    expect((await bob.send('GET', `/usage?user_id=${ann.id}`)).body.detail).toBe(
      "Admin access required to view other users' usage",
    );
    for (const path of [`/admin/usage/user/${ann.id}`, '/admin/usage/endpoints'])
      expect((await bob.send('GET', path)).status).toBe(403);
    expect((await read(`/usage/workspace/${workspace}`, admin)).status).toBe(200);
  });

  it('no header charges a foreign workspace', async () => {
    await bob.send('GET', '/orders/1', undefined, { 'x-workspace-id': workspace });
    expect((await bob.send('GET', `/tenant/${workspace}`)).status).toBe(403);
    expect((await read(`/usage/workspace/${workspace}`, ann)).body.metrics).toEqual({});
  });

  it('tracks any metric, once for an event id, and tells what is left of a quota', async () => {
    const usage = { userId: ann.id, workspaceId: workspace, metrics: { tokens: 1_500 } };
    await trackUsage({ ...usage, eventId: 'call-1' });
    await trackUsage({ ...usage, eventId: 'call-1' });
    const quota = { workspaceId: workspace, metric: 'tokens', limit: 2_000 };
    const { body } = await read(`/usage/quota/tokens?limit=2000&workspace_id=${workspace}`, ann);
    expect(body).toEqual({ metric: 'tokens', limit: 2_000, used: 1_500, remaining: 500, within_quota: true });
    expect(await getUsage({ workspaceId: workspace })).toEqual({ tokens: 1_500 });
    expect(await checkQuota({ ...quota, limit: 1_500 })).toBe(false);
    expect(await consumeQuota({ ...quota, userId: ann.id, amount: 500 })).toBe(true);
    expect(await consumeQuota(quota)).toBe(false);
    expect(await getQuotaRemaining(quota)).toBe(0);
    await expect(trackUsage({ userId: ann.id, metrics: { tokens: 0.5 } })).rejects.toThrow(/smaller unit/);
    expect((await read('/usage/quota/tokens?limit=x', ann)).status).toBe(422);
    for (const period of ['fortnight', 'constructor', 'toString'])
      expect((await read(`/usage?period=${period}`, ann)).status, period).toBe(422);
    const refused: ReadonlyArray<Parameters<typeof trackUsage>[0]> = [
      { metrics: { 'endpoint:GET:/x': 1 } },
      { metrics: { tokens: 1 }, workspaceId: 'w'.repeat(256) },
      { metrics: { tokens: 1 }, userId: '' },
    ];
    for (const wrong of refused)
      await expect(trackUsage({ userId: ann.id, ...wrong })).rejects.toMatchObject({ code: 'E_VALIDATION' });
    const external = `auth0|${'x'.repeat(200)}`; // users of another system have ids of their own
    await trackUsage({ userId: external, metrics: { tokens: 7 } });
    await nothingWaits(world.service.kernel.services);
    expect(await getUsage({ userId: external })).toEqual({ tokens: 7 });
  });
});
