import { OpenFeature } from '@openfeature/server-sdk';
import {
  deleteFlag,
  evaluateFlag,
  FlagStore,
  flagEnabled,
  flagProvider,
  listFlags,
  type Service,
  setFlag,
} from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { releaseServices, startedService } from './setup/fresh-service.js';
import { eventually, json, problemOf, type Send, type SignedIn, sendTo, signUp } from './setup/http-calls.js';

let service: Service;
let send: Send;
let admin: SignedIn;

beforeEach(async () => {
  service = await startedService({ rateLimitAuthenticatedRpm: 1_000, rateLimitAdminRpm: 1_000 });
  send = sendTo(service);
  admin = await signUp(send, 'root@example.com');
  await service.kernel.userStore.setRole?.(admin.id, 'admin');
  await eventually(
    async () => (await send('/api/v1/flags', { headers: admin.headers })).status === 200,
    'the promotion',
  );
});
afterEach(releaseServices);

const set = (body: object, headers = admin.headers) => send('/api/v1/flags', json(body, { headers }));
const check = async (name: string, who: SignedIn, query = '') =>
  (await send(`/api/v1/flags/${name}/check${query}`, { headers: who.headers })).json();

describe('flags over HTTP', () => {
  it('are made, set anew, listed, read and deleted by admins', async () => {
    const made = await set({ name: 'beta', rollout_percent: 250, users: ['u9'], metadata: { team: 'x' } });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({
      name: 'beta',
      enabled: true,
      rollout_percent: 100,
      allowed_users: ['u9'],
    });
    const replaced = await set({ name: 'beta', enabled: false });
    expect(replaced.status).toBe(200);
    expect(await replaced.json()).toMatchObject({ enabled: false, allowed_users: [], metadata: {} });
    await set({ name: 'alpha' });
    const list = (await (await send('/api/v1/flags', { headers: admin.headers })).json()) as Array<{ name: string }>;
    expect(list.map(({ name }) => name)).toEqual(['alpha', 'beta']);
    expect(await (await send('/api/v1/flags/beta', { headers: admin.headers })).json()).toEqual(list[1]);
    const remove = () => send('/api/v1/flags/beta', { method: 'DELETE', headers: admin.headers });
    expect((await remove()).status).toBe(204);
    expect((await problemOf(await remove(), 404)).detail).toBe('Flag not found: beta');
    await problemOf(await send('/api/v1/flags/beta', { headers: admin.headers }), 404);
  });

  it('are nobody else’s to read or to set', async () => {
    const ann = await signUp(send, 'ann@example.com');
    await set({ name: 'beta' });
    await problemOf(await set({ name: 'beta', enabled: false }, ann.headers), 403);
    for (const path of ['', '/beta', '/beta/history']) {
      await problemOf(await send(`/api/v1/flags${path}`, { headers: ann.headers }), 403);
      await problemOf(await send(`/api/v1/flags${path}`), 401);
    }
    await problemOf(await send('/api/v1/flags/beta', { method: 'DELETE', headers: ann.headers }), 403);
    await problemOf(await send('/api/v1/flags/beta/check?user_id=x', { headers: ann.headers }), 403);
    await problemOf(await send('/api/v1/flags/beta/check?workspace_id=foreign', { headers: ann.headers }), 403);
    expect(await check('beta', ann)).toEqual({
      flag: 'beta',
      enabled: true,
      reason: 'everyone',
      variant: null,
      value: null,
    });
    expect(await check('unknown', ann)).toMatchObject({ enabled: false, reason: 'unknown' });
  });

  it('say which field makes no sense', async () => {
    for (const [body, field] of [
      [{ name: 'a b' }, 'name'],
      [{ name: 'x', rollout_percent: 'much' }, 'rollout_percent'],
      [{ name: 'x', rollout: 5 }, 'rollout'],
      [{ name: 'x', variants: [{ name: 'a', weight: -1 }] }, 'variants'],
      [
        {
          name: 'x',
          variants: [
            { name: 'a', weight: 1 },
            { name: 'a', weight: 1 },
          ],
        },
        'variants',
      ],
      [{ name: 'x', starts_at: '2026-01-02T00:00:00Z', ends_at: '2026-01-01T00:00:00Z' }, 'ends_at'],
    ] as const) {
      const { errors = [] } = await problemOf(await set(body), 422);
      expect(errors.map(({ loc }) => loc.join('.')).join(), field).toContain(`body.${field}`);
    }
  });

  it('remember who set them to what, and what somebody saw then', async () => {
    await set({ name: 'beta', comment: 'first try' });
    const then = new Date();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await set({ name: 'beta', enabled: false });
    const versions = await (await send('/api/v1/flags/beta/history', { headers: admin.headers })).json();
    expect(versions).toMatchObject([
      { version: 2, changed_by: admin.id, comment: null, flag: { enabled: false } },
      { version: 1, changed_by: admin.id, comment: 'first try', flag: { enabled: true } },
    ]);
    const at = `?user_id=u1&at=${then.toISOString()}`;
    expect(await check('beta', admin, at)).toMatchObject({ enabled: true, reason: 'everyone' });
    expect(await check('beta', admin)).toMatchObject({ enabled: false, reason: 'disabled' });
    await send('/api/v1/flags/beta', { method: 'DELETE', headers: admin.headers });
    const all = await (await send('/api/v1/flags/beta/history', { headers: admin.headers })).json();
    expect(all).toMatchObject([
      { version: 3, changed_by: admin.id, deleted: true },
      { deleted: false },
      { version: 1 },
    ]);
    expect(await check('beta', admin, at)).toMatchObject({ enabled: true, reason: 'everyone' });
    await problemOf(await send('/api/v1/flags/never/history', { headers: admin.headers }), 404);
  });
});

describe('flags in code', () => {
  it('are asked and set by name', async () => {
    expect(await flagEnabled('beta', { userId: 'u2' })).toBe(false);
    await setFlag('beta', { rolloutPercent: 50, users: ['vip'] });
    expect(await flagEnabled('beta', { userId: 'u2' })).toBe(true);
    expect(await flagEnabled('beta', { userId: 'u1' })).toBe(false);
    expect(await evaluateFlag('beta', { userId: 'vip' })).toMatchObject({ enabled: true, reason: 'allow_list' });
    expect((await listFlags()).map(({ name }) => name)).toEqual(['beta']);
    expect([await deleteFlag('beta'), await deleteFlag('beta')]).toEqual([true, false]);
    expect(await flagEnabled('beta', { userId: 'u2' })).toBe(false);
  });

  it('change for every process within a second', async () => {
    const elsewhere = new FlagStore({ db: service.kernel.database });
    expect((await elsewhere.evaluate('beta')).enabled).toBe(false);
    await setFlag('beta');
    await eventually(async () => (await elsewhere.evaluate('beta')).enabled, 'the change to arrive', 1_000);
  });

  it('are an OpenFeature provider', async () => {
    await setFlag('theme', { variants: [{ name: 'dark', weight: 1, value: { color: 'black' } }] });
    await setFlag('limit', { variants: [{ name: 'high', weight: 1, value: 500 }] });
    await setFlag('off', { enabled: false });
    await OpenFeature.setProviderAndWait(flagProvider());
    const client = OpenFeature.getClient();
    const user = { targetingKey: 'u1' };
    expect(await client.getBooleanValue('theme', false, user)).toBe(true);
    expect(await client.getBooleanDetails('off', true, user)).toMatchObject({ value: false, reason: 'DISABLED' });
    expect(await client.getObjectDetails('theme', {}, user)).toMatchObject({
      value: { color: 'black' },
      variant: 'dark',
    });
    expect(await client.getNumberValue('limit', 1, user)).toBe(500);
    expect(await client.getStringDetails('limit', 'none', user)).toMatchObject({
      value: 'none',
      errorCode: 'TYPE_MISMATCH',
    });
    expect(await client.getBooleanDetails('missing', true)).toMatchObject({ value: true, errorCode: 'FLAG_NOT_FOUND' });
    await OpenFeature.close();
  });
});
