import { existsSync } from 'node:fs';
import {
  createRouter,
  createWebhook,
  getJobClient,
  getRedis,
  isRedisFake,
  sendEmail,
  triggerWebhookEvent,
  verifyWebhookSignature,
} from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { createTestService, type TestService } from 'app-kernel/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually, signUp } from '../service/setup/http-calls.js';

@Entity({ table: 'test_service_notes' })
class Note extends Model {
  @Field({ type: 'string', nullable: false }) text!: string;
}

const opened: TestService[] = [];

afterEach(async () => {
  for (const test of opened.splice(0)) await test.close();
});

async function open(options: Parameters<typeof createTestService>[0] = {}): Promise<TestService> {
  const test = await createTestService(options);
  opened.push(test);
  return test;
}

describe('createTestService', () => {
  it('answers requests without a server, a Redis or a mail server', async () => {
    const router = createRouter();
    router.get('/hello', {}, () => ({ hello: 'world' }));
    const { inject } = await open({ routers: [router] });

    expect(await (await inject('/api/v1/hello')).json()).toEqual({ hello: 'world' });
    expect(isRedisFake()).toBe(true);
  });

  it('lets people sign in, also beside entities of its own', async () => {
    const { inject } = await open({ entities: [Note] });
    expect((await signUp(inject)).id).toBeTypeOf('string');
  });

  it('begins with empty storage every time', async () => {
    for (let round = 0; round < 2; round++) {
      const test = await createTestService({ entities: [Note] });
      await test.service.ready();
      expect(await Note.count()).toBe(0);
      await Note.save({ text: 'left behind' });
      await test.close();
    }
  });

  it('keeps mails instead of sending them', async () => {
    const { service, mails } = await open();
    await service.ready();

    expect(await sendEmail({ to: 'ada@example.com', subject: 'Kept', html: '<p>Hello</p>' })).toBe(true);

    expect(mails()).toMatchObject([{ subject: 'Kept' }]);
  });

  it('leaves neither services nor files behind', async () => {
    const { service, close } = await open();
    await service.ready();
    const { dataDir } = service.kernel.settings.database;

    await close();

    expect(getRedis() === null).toBe(true);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('takes every option of createService', async () => {
    const { inject } = await open({ name: 'renamed', version: '7.0.0', rateLimitAnonymousRpm: 1 });
    expect(await (await inject('/api')).json()).toMatchObject({ service: 'renamed', version: '7.0.0' });
    expect((await inject('/api')).status).toBe(429);
  });

  it('does not look at the environment of the process', async () => {
    const before = process.env.APP_ENV;
    process.env.APP_ENV = 'prod';
    try {
      expect((await (await open()).inject('/healthz')).status).toBe(200);
    } finally {
      if (before === undefined) delete process.env.APP_ENV;
      else process.env.APP_ENV = before;
    }
  });
});

const MINUTE = 60_000;

function notes() {
  const router = createRouter({ prefix: '/notes' });
  router.get('/', { query: z.object({ limit: z.coerce.number().default(20) }) }, ({ query }) => Note.find(query));
  router.post('/', { auth: 'user', body: z.object({ text: z.string() }), status: 201 }, ({ body }) => Note.save(body));
  router.delete('/:id', { auth: 'admin' }, async ({ params }) => void (await Note.delete(params.id)));
  router.get('/audit', { auth: { permission: 'notes:audit' } }, () => ({ audited: true }));
  router.get('/team/:workspaceId', { auth: { workspace: 'admin' } }, ({ user }) => ({ role: user.workspaceRole }));
  return router;
}

describe('a person of a test service', () => {
  it('is made when new, found when known, and sends requests as themselves', async () => {
    const { loginAs, get, post } = await open({ entities: [Note], routers: [notes()] });
    const ada = await loginAs('ada');
    expect(ada).toMatchObject({ email: 'ada@example.com', role: 'user' });
    expect(await ada.post('/notes', { text: 'Hello' })).toMatchObject({ status: 201, body: { text: 'Hello' } });
    expect(await post('/notes', { text: 'Hello' })).toMatchObject({ status: 401, body: { code: 'E_UNAUTHENTICATED' } });
    expect((await get<unknown[]>('/notes', { query: { limit: 1 } })).body).toHaveLength(1);
    expect((await loginAs({ email: 'Ada@example.com' })).id).toBe(ada.id);
    const me = await ada.inject('/api/v1/auth/me', { headers: { 'x-request-id': 'mine-12345678' } });
    expect([me.headers.get('x-request-id'), await me.json()]).toMatchObject(['mine-12345678', { id: ada.id }]);
  });

  it('signs in by the routes too, and has a workspace of their own', async () => {
    const { loginAs, post } = await open();
    const { password, ...ada } = await loginAs({ email: 'ada', isVerified: false });
    const tokens = await post('/auth/login', { username: ada.email, password });
    expect(tokens).toMatchObject({ status: 200, body: { access_token: expect.any(String) } });
    const again = await loginAs('ada');
    expect((await again.get('/workspaces')).body).toMatchObject([{ is_personal: true }]);
    expect((await again.get('/auth/me')).status).toBe(200);
  });

  it('is an admin, has roles, permissions and workspaces where that is asked for', async () => {
    const test = await open({ entities: [Note], routers: [notes()] });
    const { loginAs, service } = test;
    const [plain, admin] = [await loginAs('eve'), await loginAs({ email: 'root', role: 'admin' })];
    expect([(await plain.delete('/notes/x')).status, (await admin.delete('/notes/x')).status]).toEqual([403, 204]);
    const auditor = await loginAs({ email: 'ann', permissions: ['notes:audit'] });
    await service.kernel.roles.define({ name: 'auditor', permissions: ['notes:*'] });
    const other = await loginAs({ email: 'bob', roles: ['auditor'] });
    const statuses = [plain, auditor, other].map(async (user) => (await user.get('/notes/audit')).status);
    expect(await Promise.all(statuses)).toEqual([403, 200, 200]);
    await expect(loginAs({ email: 'bob', roles: ['no such'] })).rejects.toThrow(/no such/);

    const member = await loginAs({ email: 'max', workspaces: { acme: 'member' } });
    const owner = await loginAs({ email: 'olga', workspaces: { acme: 'owner', beta: 'owner' } });
    expect(owner.workspaces.acme).toBe(member.workspaces.acme);
    const team = async (user: typeof plain, id: string) => await user.get(`/notes/team/${id}`);
    expect((await team(member, member.workspaces.acme)).status).toBe(403);
    expect(await team(owner, owner.workspaces.beta)).toMatchObject({ status: 200, body: { role: 'owner' } });
    const promoted = await loginAs({ email: 'max', workspaces: { acme: 'admin' } });
    expect((await team(promoted, promoted.workspaces.acme)).body).toEqual({ role: 'admin' });
  });
});

describe('the webhooks of a test service', () => {
  it('are kept instead of sent, signed, and at the time of the service', async () => {
    const { loginAs, webhooks, clock } = await open({ now: '2026-01-31T12:00:00Z' });
    const { workspaces } = await loginAs({ email: 'ada', workspaces: { acme: 'owner' } });
    const { secret } = await createWebhook(workspaces.acme, {
      url: 'https://hooks.example.com/x',
      events: ['order.*'],
    });
    expect(await webhooks()).toEqual([]);
    await triggerWebhookEvent(workspaces.acme, { event: 'order.paid', data: { total: 999 } });
    await triggerWebhookEvent(workspaces.acme, { event: 'user.made', data: {} });
    const [sent, ...others] = await webhooks();
    expect(others).toEqual([]);
    expect(sent).toMatchObject({ url: 'https://hooks.example.com/x', event: 'order.paid', data: { total: 999 } });
    expect(sent?.headers['webhook-timestamp']).toBe(String(clock.now() / 1_000));
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ timestamp: '2026-01-31T12:00:00.000Z' });
    const toleranceSeconds = Number.MAX_SAFE_INTEGER;
    expect(verifyWebhookSignature(sent?.body ?? '', sent?.headers ?? {}, secret ?? '', { toleranceSeconds })).toBe(
      true,
    );
  });

  it('are none where there are no workspaces', async () => {
    const { webhooks } = await open({ features: { enableSaasRoutes: false } });
    expect(await webhooks()).toEqual([]);
  });
});

describe('the time of a test service', () => {
  it('runs on, and ends tokens, limits and waits when it is moved', async () => {
    const done: unknown[] = [];
    const { loginAs, get, clock } = await open({
      rateLimitAnonymousRpm: 2,
      tasks: { remind: (data) => void done.push(data) },
    });
    const ada = await loginAs('ada');
    for (const status of [401, 401, 429]) expect((await get('/flags')).status).toBe(status);
    await getJobClient().enqueue('remind', 'tomorrow', { delayMs: 24 * 60 * MINUTE });
    expect((await ada.get('/auth/me')).status).toBe(200);

    clock.advance(16 * MINUTE);
    expect((await get('/flags')).status).toBe(401);
    expect(await ada.get('/auth/me')).toMatchObject({ status: 401 });
    expect(done).toEqual([]);

    clock.advance(24 * 60 * MINUTE);
    await eventually(() => done.length > 0, 'the job');
    expect(done).toEqual(['tomorrow']);
  });

  it('stands still where it is told to', async () => {
    const { loginAs, clock } = await open({ now: '2026-01-31T12:00:00Z', entities: [Note], routers: [notes()] });
    const ada = await loginAs('ada');
    const first = await ada.post('/notes', { text: 'one' });
    clock.advance(MINUTE);
    const second = await ada.post('/notes', { text: 'two' });
    expect([first.body.created_at, second.body.created_at]).toEqual([
      '2026-01-31T12:00:00.000Z',
      '2026-01-31T12:01:00.000Z',
    ]);
    expect(() => clock.set('no time')).toThrow(/no time/);
  });
});

describe('the ids of a test service', () => {
  it('are the same in every run, and another for each table', async () => {
    const rounds: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      await using test = await createTestService({ entities: [Note], routers: [notes()] });
      const ada = await test.loginAs('ada');
      const { body: one } = await ada.post('/notes', { text: 'one' });
      const [two, three] = await Note.saveMany([{ text: 'two' }, { text: 'three' }]);
      rounds.push([ada.id, one.id, two?.id, three?.id]);
    }
    expect(rounds[0]).toEqual(rounds[1]);
    const [person = '', one = '', two = ''] = rounds[0] as string[];
    expect([person.slice(-12), one.slice(-12), two.slice(-12)]).toEqual([
      '000000000001',
      '000000000001',
      '000000000002',
    ]);
    expect(new Set(rounds[0] as string[]).size).toBe(4);
  });

  it('are random where they are wanted so, and in a database that stays', async () => {
    const make = async (options: Parameters<typeof createTestService>[0]) => {
      const { loginAs } = await open(options);
      return (await loginAs('ada')).id;
    };
    expect(await make({ ids: 'random' })).not.toBe(await make({ ids: 'random' }));
  });
});
