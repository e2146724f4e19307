import { createApiKey } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People } from '../setup/people.js';

let world: People;

beforeEach(async () => {
  world = await openPeople({ trustProxy: 1 });
});
afterEach(() => world.close());

const save = (body: unknown, { token, ip = '192.0.2.1' }: { token?: string; ip?: string } = {}) =>
  world.send('POST', '/admin/action-replay', body, token, { 'X-Forwarded-For': ip });
const replays = () => world.service.kernel.database.findEntities('kernel_action_replays');

describe('row 63: replays of nobody', () => {
  it('are small: what is larger is refused before it is read, and nothing of it is kept', async () => {
    const step = { type: 'x', detail: { text: 'x'.repeat(400) } };
    expect((await save({ replay_log: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await save({ replay_log: JSON.stringify(Array(90).fill(step)) })).status).toBe(422);
    expect((await save({ replay_log: Array(101).fill({ type: 'x' }) })).status).toBe(422);
    expect((await save({ replay_log: 'no json' })).status).toBe(422);
    expect(await replays()).toEqual([]);
  });

  it('are few: so many from one address, and so many from all together', async () => {
    const statuses = async (calls: number, ip: (call: number) => string): Promise<number[]> => {
      const all: number[] = [];
      for (let call = 0; call < calls; call++) all.push((await save({}, { ip: ip(call) })).status);
      return all;
    };
    const one = await statuses(12, () => '198.51.100.7');
    expect(one.filter((status) => status === 201)).toHaveLength(10);
    expect(one.slice(-2)).toEqual([429, 429]);
    const many = await statuses(220, (call) => `203.0.113.${call % 250}`);
    expect(many.filter((status) => status === 201)).toHaveLength(190);
    const last = await save({}, { ip: '192.0.2.77' });
    expect([last.status, Number(last.headers.get('retry-after')) > 60]).toEqual([429, true]);
    const ann = await world.join('ann'); // whom we know is not shut out by those we do not
    expect((await save({}, { token: ann.token, ip: '192.0.2.78' })).status).toBe(201);
  });

  it('do not come from another site’s form', async () => {
    const answer = await world.inject('/api/v1/admin/action-replay', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"error_message":"forged"}',
    });
    expect(answer.status).toBe(415);
  });
});

describe('row 34: replays', () => {
  it('are no one’s to read but an admin’s, and a narrow key names no user', async () => {
    const ann = await world.join('ann');
    const { id } = (await save({ error_message: 'x' })).body;
    for (const path of ['/admin/action-replays', `/admin/action-replays/${id}`, '/admin/action-replay-groups']) {
      expect((await world.send('GET', path)).status, path).toBe(401);
      expect((await ann.send('GET', path)).status, path).toBe(403);
    }
    expect((await ann.send('PATCH', `/admin/action-replays/${id}/resolve`)).status).toBe(403);
    expect((await world.send('PATCH', `/admin/action-replays/${id}/resolve`)).status).toBe(401);
    const { key } = await createApiKey(ann.id, null, { name: 'narrow', scopes: ['x:y'] });
    expect((await save({}, { token: key })).status).toBe(201);
    expect((await replays()).map(({ userId }) => userId)).toEqual([null, null]);
  });
});

describe('row 56: canaries', () => {
  it('are not kept in a replay', async () => {
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.Y2FuYXJ5';
    await save({
      error_message: `GET /x?token=canary-1 failed with Bearer canary-2, ${jwt}`,
      error_source: 'api_5xx',
      url: 'https://app.example/reset?token=canary-3#access_token=canary-4',
      user_agent: 'agent?api_key=canary-5',
      replay_log: [
        { type: 'api_call', detail: { path: '/login', body: { password: 'canary-6' }, cookie: 'canary-7' } },
        { type: 'input', detail: { target: 'input password', value: 'canary-8' } },
        { type: 'api_error', detail: { error: '{"refresh_token":"canary-9"' } },
      ],
    });
    const kept = JSON.stringify(await replays());
    expect(kept).toContain('api_5xx');
    expect(kept).not.toMatch(/canary|eyJ/);
  });
});
