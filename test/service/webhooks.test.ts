import {
  createApiKey,
  createWebhook,
  dbContext,
  getJobClient,
  KernelWebhook,
  runWorker,
  triggerWebhookEvent,
} from 'app-kernel';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, openReceiver, type Receiver } from '../features/webhooks/receiver.js';
import { openPeople, type People, type Person } from '../setup/people.js';
import { freshDatabase, freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

const PATIENCE = { timeout: 10_000, interval: 10 };
const webhooks = { allowedNetworks: ['127.0.0.1'] };

let world: People;
let receiver: Receiver;
let ada: Person;
let workspace: string;

beforeEach(async () => {
  receiver = await openReceiver();
  world = await openPeople({ webhooks });
  ada = await world.join('ada');
  workspace = (await world.service.kernel.saas.workspaces.ensurePersonal(ada)).id;
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const create = async (body: object = {}) => (await ada.send('POST', '/webhooks', { url: receiver.url, ...body })).body;
const received = (count: number) => expect.poll(() => receiver.received.length, PATIENCE).toBe(count);

describe('webhooks over HTTP', () => {
  it('are made, shown, changed and removed', async () => {
    const made = await ada.send('POST', '/webhooks', { url: receiver.url, description: 'ours' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(String),
      workspace_id: workspace,
      url: receiver.url,
      description: 'ours',
      events: ['*'],
      enabled: true,
      disabled_reason: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      secret: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
    });
    const { id, secret, ...shown } = made.body;
    const second = await create({ secret: 'optional-hmac-secret', events: ['a.*'] });
    expect(second).toMatchObject({ secret: 'optional-hmac-secret', events: ['a.*'] });
    const list = (await ada.send('GET', '/webhooks')).body;
    expect(list.map((one: { id: string }) => one.id)).toEqual([second.id, id]);
    expect(list[1]).toEqual({ id, ...shown });
    expect((await ada.send('GET', `/webhooks/${id}`)).body).toEqual(made.body);

    const off = await ada.send('PATCH', `/webhooks/${id}`, { enabled: false, description: null, events: ['x'] });
    expect([off.status, off.body]).toMatchObject([200, { enabled: false, description: null, events: ['x'] }]);
    expect(off.body).not.toHaveProperty('secret');
    expect((await ada.send('GET', '/webhooks')).body).toHaveLength(1);
    expect((await ada.send('GET', '/webhooks?include_disabled=true')).body).toHaveLength(2);

    expect((await ada.send('DELETE', `/webhooks/${id}`)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const gone = await ada.send(method, `/webhooks/${id}`, method === 'PATCH' ? {} : undefined);
      expect([gone.status, gone.body.detail]).toEqual([404, 'Webhook not found']);
    }
  });

  it('say what is wrong with what they are given', async () => {
    const refused = async (body: object) => {
      const { status, body: problem } = await ada.send('POST', '/webhooks', { url: receiver.url, ...body });
      return [status, problem.errors?.map(({ loc }: { loc: string[] }) => loc.join('.'))];
    };
    expect(await refused({ url: 'https://user:pass@example.com' })).toEqual([422, ['body.url']]);
    expect(await refused({ url: 'https://10.0.0.1', secret: 'short', events: ['a b'] })).toEqual([
      422,
      ['body.url', 'body.secret', 'body.events'],
    ]);
    expect((await ada.send('PATCH', `/webhooks/${(await create()).id}`, { url: 'ftp://x' })).status).toBe(422);
  });

  it('belong to the admins of their workspace', async () => {
    const { members, workspaces } = world.service.kernel.saas;
    const [bob, eve] = [await world.join('bob'), await world.join('eve')];
    await members.add(workspace, bob.id, 'member');
    const { id, secret } = await create();
    const at = `?workspace_id=${workspace}`;
    await triggerWebhookEvent(workspace, { event: 'a' });
    const [delivery] = (await ada.send('GET', `/webhooks/${id}/deliveries`)).body;
    const routes = [
      ...[
        ['GET', ''],
        ['GET', `/${id}`],
        ['PATCH', `/${id}`],
        ['DELETE', `/${id}`],
        ['POST', `/${id}/rotate-secret`],
      ],
      ...[
        ['POST', `/${id}/test`],
        ['GET', `/${id}/deliveries`],
        ['GET', `/${id}/deliveries/${delivery.id}`],
      ],
      ...[
        ['POST', `/${id}/deliveries/${delivery.id}/redeliver`],
        ['POST', `/${id}/redeliver`],
      ],
    ] as const;
    for (const [method = '', path] of routes) {
      const body = method === 'GET' ? undefined : { since: '2026-01-01T00:00:00Z' };
      for (const who of [bob, eve]) {
        const answer = await who.send(method, `/webhooks${path}${at}`, body);
        expect([method, path, answer.status]).toEqual([method, path, 403]);
        expect(JSON.stringify(answer.body)).not.toContain(secret);
      }
      if (path === '') continue;
      // In a workspace of her own Eve is the owner, and there is no such thing.
      expect([method, path, (await eve.send(method, `/webhooks${path}`, body)).status]).toEqual([method, path, 404]);
    }
    const foreign = { url: receiver.url, workspace_id: workspace };
    expect((await eve.send('POST', '/webhooks', foreign)).status).toBe(403);
    expect((await bob.send('POST', '/webhooks', foreign)).status).toBe(403);
    await members.updateRole(workspace, bob.id, 'admin');
    expect((await bob.send('POST', '/webhooks', foreign)).body.workspace_id).toBe(workspace);
    expect((await bob.send('GET', `/webhooks/${id}${at}`)).body.secret).toBe(secret);

    const other = await workspaces.create({ name: 'Other', ownerId: ada.id });
    const { key } = await createApiKey(ada.id, workspace, { name: 'hooks', scopes: ['webhooks:manage'] });
    expect((await world.send('GET', `/webhooks/${id}`, undefined, key)).status).toBe(200);
    const beyond = { url: receiver.url, workspace_id: other.id };
    expect((await world.send('POST', '/webhooks', beyond, key)).status).toBe(403);
    expect((await ada.send('POST', '/webhooks', beyond)).status).toBe(201);
  });

  it('of one endpoint show no delivery of another', async () => {
    const [first, second] = [await create(), await create()];
    await triggerWebhookEvent(workspace, { event: 'a' });
    const [delivery] = (await ada.send('GET', `/webhooks/${first.id}/deliveries`)).body;
    expect((await ada.send('GET', `/webhooks/${first.id}/deliveries/${delivery.id}`)).status).toBe(200);
    expect((await ada.send('GET', `/webhooks/${second.id}/deliveries/${delivery.id}`)).status).toBe(404);
    const redeliver = await ada.send('POST', `/webhooks/${second.id}/deliveries/${delivery.id}/redeliver`);
    expect(redeliver.status).toBe(404);
  });

  it('keep a log with request and answer, and send again', async () => {
    receiver.answer = answering(400, 'no, thanks');
    const { id } = await create();
    const [deliveryId] = await triggerWebhookEvent(workspace, { event: 'order.paid', data: { n: 1 } });
    const path = `/webhooks/${id}/deliveries`;
    const list = async (query = '') => (await ada.send('GET', `${path}${query}`)).body;
    await expect.poll(async () => (await list())[0]?.attempt, PATIENCE).toBe(1);
    await expect.poll(async () => (await list())[0]?.status, PATIENCE).toBe('pending');
    expect(await list()).toEqual([
      {
        id: deliveryId,
        webhook_id: id,
        event: 'order.paid',
        payload: { n: 1 },
        request_id: null,
        status: 'pending',
        success: false,
        attempt: 1,
        response_status: 400,
        duration_ms: expect.any(Number),
        error: 'Answered 400',
        next_attempt_at: expect.stringMatching(/Z$/),
        created_at: expect.stringMatching(/Z$/),
      },
    ]);
    const details = (await ada.send('GET', `${path}/${deliveryId}`)).body;
    expect(JSON.parse(details.request_body)).toMatchObject({ event: 'order.paid', data: { n: 1 } });
    expect(details.attempts).toMatchObject([
      {
        number: 1,
        url: receiver.url,
        request_headers: { 'webhook-id': deliveryId, 'x-webhook-event': 'order.paid' },
        response_status: 400,
        response_body: 'no, thanks',
        error: 'Answered 400',
      },
    ]);
    receiver.answer = answering(204);
    const again = await ada.send('POST', `${path}/${deliveryId}/redeliver`);
    expect([again.status, again.body.status]).toEqual([200, 'pending']);
    await expect.poll(async () => (await list())[0]?.status, PATIENCE).toBe('succeeded');
    expect((await list('?status=succeeded&event=order.paid'))[0].id).toBe(deliveryId);
    for (const query of ['?status=failed', '?event=other', `?before=${deliveryId}`])
      expect(await list(query)).toEqual([]);
    const all = await ada.send('POST', `/webhooks/${id}/redeliver`, { since: '2026-01-01T00:00:00Z' });
    expect(all.body).toEqual({ deliveries: 0 });
    await ada.send('PATCH', `/webhooks/${id}`, { enabled: false });
    expect((await ada.send('POST', `${path}/${deliveryId}/redeliver`)).status).toBe(409);
  });

  it('are tried out without a trace', async () => {
    const { id, secret } = await create();
    const test = () => ada.send('POST', `/webhooks/${id}/test`);
    expect((await test()).body).toEqual({
      success: true,
      status_code: 200,
      duration_ms: expect.any(Number),
      error: null,
    });
    const { body, headers } = receiver.received[0] ?? expect.fail('nothing came');
    const data = { message: 'This is a test webhook', workspace_id: workspace, triggered_by: ada.id };
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({ event: 'webhook.test', data });
    receiver.answer = answering(410, 'inner secret');
    const { body: gone } = await test();
    expect(gone).toMatchObject({ success: false, status_code: 410, error: 'Answered 410' });
    expect(JSON.stringify(gone)).not.toContain('inner secret');
    expect((await ada.send('GET', `/webhooks/${id}`)).body.enabled).toBe(true);
    expect((await ada.send('GET', `/webhooks/${id}/deliveries`)).body).toEqual([]);
  });

  it('get a new secret, and keep both from whoever reads the database', async () => {
    const { id, secret } = await create();
    const rotated = await ada.send('POST', `/webhooks/${id}/rotate-secret`, {});
    expect([rotated.status, rotated.body.secret === secret]).toEqual([200, false]);
    expect((await ada.send('GET', `/webhooks/${id}`)).body.secret).toBe(rotated.body.secret);
    expect((await ada.send('POST', `/webhooks/${id}/test`)).body.success).toBe(true);
    expect(receiver.received[0]?.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    await ada.send('POST', `/webhooks/${id}/rotate-secret`, { overlap_seconds: 0 });
    await ada.send('POST', `/webhooks/${id}/test`);
    expect(receiver.received[1]?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    const { database } = world.service.kernel;
    const kept = [
      ...(await database.query('SELECT * FROM kernel_webhooks')),
      ...(await database.query('SELECT * FROM kernel_webhooks_history')),
    ];
    const text = JSON.stringify(kept);
    for (const one of [secret, rotated.body.secret]) expect(text).not.toContain(one.replace('whsec_', ''));
    expect(JSON.stringify(await KernelWebhook.find())).not.toContain('secret');
  });
});

describe('webhooks in code', () => {
  it('go out of a service that runs no jobs, and leave its queue alone', async () => {
    await dbContext(async () => {
      await createWebhook(workspace, { url: receiver.url });
      await triggerWebhookEvent(workspace, { event: 'a' });
    });
    await received(1);
    await dbContext(() => triggerWebhookEvent(workspace, { event: 'b' }));
    await received(2);
    expect(await getJobClient().stats()).toMatchObject({ waiting: 0, finished: 0, workers: 0 });
  });

  it('refuse what cannot be sent, and more endpoints than a workspace may have', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const data of [cycle, 1n, 'x'.repeat(262_145)])
      await expect(triggerWebhookEvent(workspace, { event: 'a', data })).rejects.toMatchObject({
        code: 'E_VALIDATION',
      });
    const many = async () => {
      for (let index = 0; index <= 50; index++) await createWebhook(workspace, { url: receiver.url });
    };
    await expect(many()).rejects.toMatchObject({ code: 'E_CONFLICT' });
  });
});

for (const { url: redisUrl } of REDIS_BACKENDS.filter(({ url }) => url)) {
  it('events that a worker process triggers are sent by the service', async () => {
    const database = await freshDatabase('sqlite-file');
    const redisNamespace = freshPrefix();
    const shared = { databaseUrl: database.url, redisUrl: redisUrl ?? '', redisNamespace };
    const web = await openPeople({ ...shared, webhooks, config: undefined });
    const house = await web.service.kernel.saas.workspaces.create({ name: 'House', ownerId: 'ada' });
    await createWebhook(house.id, { url: receiver.url });
    const ship = () => triggerWebhookEvent(house.id, { event: 'order.shipped' });
    const worker = await runWorker({ ...shared, tasks: { ship } });
    try {
      await expect
        .poll(
          () =>
            getJobClient()
              .enqueue('ship')
              .then(
                () => true,
                () => false,
              ),
          PATIENCE,
        )
        .toBe(true);
      await received(1);
    } finally {
      await worker.close();
      await web.close();
      await removeKeys(redisUrl ?? '', redisNamespace);
      await database.drop();
    }
  });
}
