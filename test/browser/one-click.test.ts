import { type ActionReplay, createRouter, getJobClient, getReplay, listReplays } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../service/setup/http-calls.js';
import { BROWSERS, type TestBrowser } from '../setup/browser.js';
import { openPeople, type People, type Person } from '../setup/people.js';
import { nothingWaits } from '../setup/recorded.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys, SQL_BACKENDS } from '../setup/servers.js';
import type { TestDatabase } from '../setup/sql-backends.js';

@Entity({ table: 'clicked_orders' })
class ClickedOrder extends Model {
  @Field({ type: 'string', nullable: false }) state!: string;
}

/** What the page has, for the function that runs there. */
declare const window: { token: string };

const PAGE = `<!doctype html><html><head><link rel="icon" href="data:,"><script src="/_kernel/action-log.js"></script></head>
  <body><button id="order">Order</button><script src="/api/v1/shop.js"></script></body></html>`;
const SCRIPT = `document.getElementById('order').addEventListener('click', async () => {
  const response = await fetch('/api/v1/orders', { method: 'POST', headers: { authorization: 'Bearer ' + window.token } });
  const { id } = await response.json();
  throw new Error('the page breaks once ' + (id ? 'it has ordered' : 'it was refused'));
});`;

const router = createRouter();
for (const [path, type, body] of [
  ['/shop', 'html', PAGE],
  ['/shop.js', 'js', SCRIPT],
] as const)
  router.get(path, {}, async ({ ctx }) => {
    ctx.type = type;
    ctx.body = body;
  });
router.post('/orders', { auth: 'user' }, async () => {
  const { id } = await ClickedOrder.save({ state: 'ordered' });
  await getJobClient().enqueue('pack', { id });
  return { id };
});
const pack = async ({ id }: { id: string }): Promise<void> => void (await ClickedOrder.update(id, { state: 'packed' }));

interface Span {
  span_id: string;
  parent_id: string | null;
  name: string;
  metadata: Record<string, unknown>;
}

/** Every database with the last Redis: a real one where there is one. */
const REDIS = REDIS_BACKENDS.at(-1);

for (const browser of BROWSERS) {
  describe.each(SQL_BACKENDS)(`one click in ${browser.name} ($name)`, { timeout: 120_000 }, (sql) => {
    const prefix = freshPrefix();
    let opened: TestBrowser;
    let database: TestDatabase;
    let world: People;
    let admin: Person;

    beforeAll(async () => {
      opened = await browser.open();
      database = await sql.create();
      world = await openPeople({
        databaseUrl: database.url,
        entities: [ClickedOrder],
        routers: [router],
        tasks: { pack },
        ...(REDIS?.url && { redisUrl: REDIS.url, redisNamespace: prefix }),
      });
      admin = await world.join('root');
      await world.service.kernel.userStore.setRole?.(admin.id, 'admin');
      await world.service.listen(0, '127.0.0.1');
    }, 120_000);
    afterAll(async () => {
      await opened.close();
      await world.close();
      await database.drop();
      if (REDIS?.url) await removeKeys(REDIS.url, prefix);
    });

    // biome-ignore lint/suspicious/noExplicitAny: bodies of several shapes
    async function read(path: string): Promise<any> {
      await nothingWaits(world.service.kernel.services);
      const { status, body } = await admin.send('GET', path);
      expect(status, JSON.stringify(body)).toBe(200);
      return body;
    }

    it('is followed by one request id to its request, statements, job, audit records and row versions', async () => {
      const ann = await world.join('ann');
      const page = await opened.context.newPage();
      await page.goto(`http://127.0.0.1:${world.service.port}/api/v1/shop`);
      await page.evaluate((token) => {
        window.token = token;
      }, ann.token);
      await page.click('#order');
      await eventually(async () => (await listReplays()).length === 1, 'the replay', 30_000);
      const [{ id = '' } = {}] = await listReplays();
      const { replayLog: steps, errorMessage } = (await getReplay(id)) as ActionReplay;
      expect(errorMessage).toContain('once it has ordered');

      // What the user did, and the id of the request that it led to.
      const indexOf = (type: string): number => steps.findIndex((step) => step.type === type);
      expect(steps[indexOf('click')]).toMatchObject({ detail: { target: 'button #order "Order"' } });
      expect(indexOf('click')).toBeLessThan(indexOf('api_call'));
      expect(steps[indexOf('api_call')]).toMatchObject({ detail: { method: 'POST', path: '/api/v1/orders' } });
      const answered = steps[indexOf('api_response')]?.detail as { status: number; request_id: string };
      expect(answered).toMatchObject({ status: 200, request_id: expect.stringMatching(/^[\w-]{36}$/) });
      const { request_id: requestId } = answered;

      // The request.
      const { items } = await read(`/admin/metrics?request_id=${requestId}`);
      expect(items).toMatchObject([{ method: 'POST', route: '/api/v1/orders', status_code: 200, user_id: ann.id }]);

      // Its statements and its job.
      const traceOf = async (): Promise<Span[]> => (await read(`/admin/traces/${items[0].trace_id}`)).spans;
      await eventually(async () => (await traceOf()).some(({ name }) => name === 'job pack'), 'the job', 30_000);
      const spans = await traceOf();
      const root = spans.find(({ name }) => name === 'POST /api/v1/orders');
      const job = spans.find(({ name }) => name === 'job pack');
      expect(root?.metadata).toMatchObject({ request_id: requestId, user_id: ann.id });
      expect(job).toMatchObject({ parent_id: root?.span_id, metadata: { request_id: requestId, task: 'pack' } });
      const writers = spans.filter(({ metadata }) => /clicked_orders/.test(String(metadata['db.statement'])));
      const parents = new Set(writers.map(({ parent_id: parent }) => parent));
      expect([root?.span_id, job?.span_id].every((span) => parents.has(span ?? null))).toBe(true);

      // What both have changed, and the versions of the row.
      const { logs } = await read(`/admin/audit?request_id=${requestId}&entity=clicked_orders`);
      const recorded = logs.map(({ action, version, changes, user_id: userId }: Record<string, unknown>) => ({
        action,
        version,
        state: (changes as Record<string, unknown>).state,
        userId,
      }));
      expect(recorded).toEqual([
        { action: 'update', version: 2, state: ['ordered', 'packed'], userId: ann.id },
        { action: 'create', version: 1, state: [null, 'ordered'], userId: ann.id },
      ]);
      const versions = await ClickedOrder.history(logs[0].entity_id, { db: world.service.kernel.database });
      expect(versions.map(({ version, state }) => [version, state])).toEqual([
        [2, 'packed'],
        [1, 'ordered'],
      ]);
      for (const { historyUserId } of versions) expect(historyUserId).toBe(ann.id);
    });
  });
}
