import { createRouter } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../setup/people.js';

let world: People;
let admin: Person;

beforeEach(async () => {
  world = await openPeople({ routers: [createRouter()] });
  admin = await world.join('root');
  await world.service.kernel.userStore.setRole?.(admin.id, 'admin');
});
afterEach(() => world.close());

const LOG = [{ seq: 1, type: 'click', detail: { target: 'button' }, ts: '2026-01-01T00:00:00.000Z', elapsed_ms: 5 }];
const save = (body: object, token?: string, headers?: Record<string, string>) =>
  world.send('POST', '/admin/action-replay', body, token, headers);

describe('action replays over HTTP', () => {
  it('are saved by anybody and read by admins', async () => {
    const saved = await save({ error_message: 'boom', error_source: 'js_error', replay_log: JSON.stringify(LOG) });
    expect([saved.status, saved.body]).toEqual([201, { id: expect.any(String), saved: true }]);
    const { body: list } = await admin.send('GET', '/admin/action-replays');
    expect(list).toEqual({
      replays: [
        {
          id: saved.body.id,
          workspace_id: null,
          user_id: null,
          error_message: 'boom',
          error_source: 'js_error',
          url: '',
          user_agent: expect.any(String),
          fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
          resolved: false,
          timestamp: expect.stringMatching(/Z$/),
        },
      ],
      total: 1,
    });
    const { body: replay } = await admin.send('GET', `/admin/action-replays/${saved.body.id}`);
    expect(replay).toEqual({ ...list.replays[0], replay_log: LOG });
    const missing = await admin.send('GET', '/admin/action-replays/nothing');
    expect([missing.status, missing.body.detail]).toEqual([404, 'Replay not found']);
  });

  it('name their user, and the workspace that they are a member of', async () => {
    const ann = await world.join('ann');
    const eve = await world.join('eve');
    const workspace = (await ann.send('POST', '/workspaces', { name: 'Ann & Co' })).body;
    const own = { 'X-Workspace-Id': workspace.id };
    const ids = [
      (await save({}, ann.token, own)).body.id,
      (await save({}, eve.token, own)).body.id,
      (await save({}, undefined, own)).body.id,
    ];
    const owners = await Promise.all(
      ids.map(async (id) => {
        const { user_id, workspace_id } = (await admin.send('GET', `/admin/action-replays/${id}`)).body;
        return [user_id, workspace_id];
      }),
    );
    expect(owners).toEqual([
      [ann.id, workspace.id],
      [eve.id, null],
      [null, null],
    ]);
    const { body } = await admin.send('GET', `/admin/action-replays?workspace_id=${workspace.id}`);
    expect([body.total, body.replays[0].user_id]).toEqual([1, ann.id]);
  });

  it('are resolved one by one, or all of an error', async () => {
    const ids: string[] = [];
    for (const number of [1, 2, 3]) ids.push((await save({ error_message: `Order ${number} not found` })).body.id);
    const resolve = (id: string, query = '') => admin.send('PATCH', `/admin/action-replays/${id}/resolve${query}`);
    const open = async () => (await admin.send('GET', '/admin/action-replays?resolved=false')).body.total;
    const { groups } = (await admin.send('GET', '/admin/action-replay-groups')).body;
    expect(groups).toMatchObject([{ count: 3, users: 0, latest: { id: ids[2] } }]);
    expect((await resolve(ids[0] ?? '')).body).toEqual({ resolved: true });
    expect(await open()).toBe(2);
    await resolve(ids[1] ?? '', '?alike=true');
    expect(await open()).toBe(0);
    expect((await admin.send('GET', '/admin/action-replay-groups')).body).toEqual({ groups: [] });
    expect((await resolve('nothing')).status).toBe(404);
  });

  it('are filtered by moments in any time zone', async () => {
    await save({ error_message: 'now' });
    const hour = 3_600_000;
    const at = (ms: number) => encodeURIComponent(new Date(Date.now() + ms).toISOString().replace('Z', '+00:00'));
    const total = async (query: string) => (await admin.send('GET', `/admin/action-replays?${query}`)).body.total;
    expect(await total(`since=${at(-hour)}&until=${at(hour)}`)).toBe(1);
    expect(await total(`since=${at(hour)}`)).toBe(0);
    expect(await total(`until=${at(-hour)}`)).toBe(0);
    expect((await admin.send('GET', '/admin/action-replays?since=yesterday')).status).toBe(422);
  });

  it('have a client that the service itself serves', async () => {
    const script = await world.inject('/_kernel/action-log.js');
    expect(script.headers.get('content-type')).toMatch(/^text\/javascript|^application\/javascript/);
    expect(script.headers.get('cache-control')).toBe('public, max-age=3600, must-revalidate');
    const text = await script.text();
    expect(text).toContain('new URL("/api/v1/admin/action-replay"');
    expect(text).not.toMatch(/^\s*(\/\/|\/?\*)|\bexport\b|\bimport\b/m);
  });
});
