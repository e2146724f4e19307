import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRouter,
  createWebhook,
  getJobClient,
  httpClient,
  type Service,
  sendEmail,
  triggerWebhookEvent,
} from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mailerService } from '../../src/features/email/index.js';
import { nothingWaits } from '../setup/recorded.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys, SQL_BACKENDS } from '../setup/servers.js';
import type { TestDatabase } from '../setup/sql-backends.js';
import { releaseServices, startedService } from './setup/fresh-service.js';
import { eventually, json, type Send, type SignedIn, sendTo, signUp } from './setup/http-calls.js';

@Entity({ table: 'followed_orders' })
class FollowedOrder extends Model {
  @Field({ type: 'string', nullable: false }) title!: string;
}

interface Span {
  span_id: string;
  parent_id: string | null;
  name: string;
  status: string;
  metadata: Record<string, unknown>;
}

let outside: Server;
let outsideUrl: string;
let workspace = '';
const traceparents: Array<string | undefined> = [];

const router = createRouter();
router.post('/orders', { auth: 'user' }, async () => {
  const order = await FollowedOrder.save({ title: 'a thousand needles' });
  using client = httpClient(outsideUrl);
  await client.get('/stock');
  const { jobId } = await getJobClient().enqueue('confirm', { id: order.id });
  await triggerWebhookEvent(workspace, { event: 'order.made', data: { id: order.id } });
  return { id: order.id, jobId };
});
const confirm = async ({ id }: { id: string }): Promise<void> => {
  await FollowedOrder.update(id, { title: 'confirmed' });
  await sendEmail({ to: 'ann@example.com', subject: 'Confirmed', text: 'Yours' });
};

/** Every database with a real Redis, and SQLite with the in-memory one. */
const PAIRS = SQL_BACKENDS.flatMap((sql) =>
  REDIS_BACKENDS.filter((redis) => redis === REDIS_BACKENDS.at(-1) || sql.name === 'sqlite-file').map((redis) => ({
    sql,
    redis,
  })),
);

for (const { sql, redis } of PAIRS) {
  describe(`one request, followed by its id (${sql.name}, ${redis.name})`, () => {
    let fresh: TestDatabase;
    let prefix: string;
    let service: Service;
    let send: Send;
    let admin: SignedIn;

    beforeEach(async () => {
      traceparents.length = 0;
      outside = createServer((request, response) => {
        if (request.method === 'GET') traceparents.push(request.headers.traceparent as string | undefined);
        response.end('{}');
      });
      outside.listen(0, '127.0.0.1');
      await once(outside, 'listening');
      outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
      fresh = await sql.create();
      prefix = freshPrefix();
      service = await startedService({
        databaseUrl: fresh.url,
        entities: [FollowedOrder],
        routers: [router],
        tasks: { confirm },
        webhooks: { allowedNetworks: ['127.0.0.1'] },
        rateLimitAdminRpm: 10_000,
        ...(redis.url && { redisUrl: redis.url, redisNamespace: prefix }),
      });
      send = sendTo(service);
      admin = await signUp(send, 'root@example.com');
      await service.kernel.userStore.setRole?.(admin.id, 'admin');
      await eventually(async () => (await read('/admin/metrics')).status === 200, 'the promotion');
    });
    afterEach(async () => {
      await releaseServices();
      outside.closeAllConnections();
      outside.close();
      await fresh.drop();
      if (redis.url) await removeKeys(redis.url, prefix);
    });

    const read = (path: string): Promise<Response> => send(`/api/v1${path}`, { headers: admin.headers });
    // biome-ignore lint/suspicious/noExplicitAny: bodies of several shapes
    const body = async (path: string): Promise<any> => {
      const response = await read(path);
      expect(response.status, await response.clone().text()).toBe(200);
      return response.json();
    };

    it('leads to its metric, trace, statements, calls, job, mail, webhook, audit records and row versions', async () => {
      workspace = (await service.kernel.saas.workspaces.ensurePersonal(admin)).id;
      const { id: webhookId } = await createWebhook(workspace, { url: `${outsideUrl}/hook` });
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      const headers = {
        ...admin.headers,
        'x-request-id': 'click-4711',
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      };
      const answer = await send('/api/v1/orders', json({}, { headers }));
      expect(answer.status, await answer.clone().text()).toBe(200);
      const { id, jobId } = (await answer.json()) as { id: string; jobId: string };
      await eventually(async () => (await getJobClient().get(jobId))?.status === 'succeeded', 'the job');
      const sent = async () => body(`/webhooks/${webhookId}/deliveries?status=succeeded`);
      await eventually(async () => (await sent()).length === 1, 'the webhook');
      await nothingWaits(service.kernel.services);

      const { items } = await body('/admin/metrics?request_id=click-4711');
      expect(items).toMatchObject([
        { request_id: 'click-4711', route: '/api/v1/orders', status_code: 200, user_id: admin.id, trace_id: traceId },
      ]);

      // The span of a job ends a moment after what it did can be seen.
      const isDelivery = ({ name }: Span): boolean => name === 'job kernel.deliver_webhook';
      let spans: Span[] = [];
      await eventually(async () => {
        await nothingWaits(service.kernel.services);
        ({ spans } = await body(`/admin/traces/${items[0].trace_id}`));
        return spans.some(isDelivery);
      }, 'the span of the webhook');
      const named = (name: string | RegExp): Span => {
        const found = spans.find((span) => (typeof name === 'string' ? span.name === name : name.test(span.name)));
        if (!found) throw new Error(`No span ${name} among ${spans.map((span) => span.name).join(', ')}`);
        return found;
      };
      const root = named('POST /api/v1/orders');
      expect(root).toMatchObject({
        parent_id: '00f067aa0ba902b7',
        status: 'ok',
        metadata: { request_id: 'click-4711' },
      });
      const job = named('job confirm');
      expect(job).toMatchObject({ parent_id: root.span_id, metadata: { job_id: jobId, request_id: 'click-4711' } });
      expect(named('mail').parent_id).toBe(job.span_id);
      const call = named(/^GET 127/);
      expect(call).toMatchObject({ parent_id: root.span_id, metadata: { 'http.response.status_code': 200 } });
      expect(traceparents).toEqual([`00-${traceId}-${call.span_id}-01`]);
      expect(await sent()).toMatchObject([{ event: 'order.made', request_id: 'click-4711' }]);
      const delivery = named('job kernel.deliver_webhook');
      expect(delivery.metadata).toMatchObject({ request_id: 'click-4711' });
      expect(named(/^POST 127/).parent_id).toBe(delivery.span_id);
      const statements = spans.filter(({ metadata }) => /followed_orders/.test(String(metadata['db.statement'])));
      expect(statements.length).toBeGreaterThanOrEqual(2);
      const known = new Set(spans.map(({ span_id }) => span_id));
      for (const span of spans) if (span !== root) expect(known.has(span.parent_id ?? ''), span.name).toBe(true);
      expect(JSON.stringify(spans)).not.toContain('needles');

      const mails = service.kernel.services.get(mailerService)?.captured ?? [];
      const mail = mails.find(({ subject }) => subject === 'Confirmed');
      expect(named('mail').metadata.message_id).toBe(mail?.id);

      const { logs } = await body('/admin/audit?request_id=click-4711&entity=followed_orders');
      expect(logs.map(({ action }: { action: string }) => action).sort()).toEqual(['create', 'update']);
      const versions = await FollowedOrder.history(id, { db: service.kernel.database });
      expect(versions.map(({ version, title }) => [version, title])).toEqual([
        [2, 'confirmed'],
        [1, 'a thousand needles'],
      ]);
      for (const { historyUserId } of versions) expect(historyUserId).toBe(admin.id);
    });
  });
}
