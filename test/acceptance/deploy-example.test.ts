import { join } from 'node:path';
import type { Service } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeCloud } from '../../examples/deploy/fake-cloud.js';
import { createDeployer } from '../../examples/deploy/service.js';
import { readSse } from '../../src/http/index.js';
import { ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, freshOptions, releaseServices, sqliteUrl, track } from '../service/setup/fresh-service.js';
import { eventually, json, login, type Send, type SignedIn, sendOver, signUp } from '../service/setup/http-calls.js';
import { FAULT_REDIS, freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

const SECRET = 'a-secret-of-32-characters-or-more';
const SERVERS = 2;
/** Everything that two servers come to: each with its container, and the domain. */
const WHOLE_BILL = 2 * SERVERS + 1;

let cloud: FakeCloud;
/** Called at every step of a deployment: an order arrives at the cloud, is done there, or an event reaches the client. */
let atStep: (step: string) => unknown = () => {};

afterEach(async () => {
  atStep = () => {};
  await releaseServices();
  await cloud.close();
});

async function deployer(options: Parameters<typeof freshOptions>[0]): Promise<Send> {
  const service: Service = track(createDeployer(cloud.url, freshOptions(options)));
  await service.listen(0, '127.0.0.1');
  return sendOver(`http://127.0.0.1:${service.port}`);
}

interface Deployed {
  taskId: string;
  complete: Record<string, unknown>;
}

async function deploy(send: Send, { headers }: SignedIn, heard: (taskId: string) => void): Promise<Deployed> {
  const response = await send('/api/v1/deployments', json({ app: 'shop', servers: SERVERS }, { headers }));
  expect(response.status).toBe(200);
  let taskId = '';
  let complete: Record<string, unknown> = {};
  for await (const { event, data } of readSse(response.body as ReadableStream<Uint8Array>)) {
    const said = JSON.parse(data) as Record<string, unknown>;
    if (event === 'task_id') {
      taskId = String(said.task_id);
      heard(taskId);
    }
    if (event === 'complete') complete = said;
    await atStep(`event ${event}`);
  }
  return { taskId, complete };
}

async function stateOf(send: Send, taskId: string, { headers }: SignedIn): Promise<string> {
  const answer = await send(`/api/v1/tasks/${taskId}/status`, { headers });
  return ((await answer.json()) as { state: string }).state;
}

for (const backend of REDIS_BACKENDS) {
  describe(`the deploy example (${backend.name})`, { timeout: 120_000 }, () => {
    /** Two instances where they can share a Redis, else one. */
    async function instances(): Promise<{ one: Send; other: Send; remove(): Promise<unknown> }> {
      const redisNamespace = freshPrefix();
      const options = {
        jwtSecret: SECRET,
        databaseUrl: sqliteUrl(freshFolder()),
        rateLimitAuthenticatedRpm: 10_000,
        ...(backend.url && { redisUrl: backend.url, redisNamespace }),
      };
      const one = await deployer(options);
      const { url } = backend;
      if (!url) return { one, other: one, remove: async () => {} };
      return { one, other: await deployer(options), remove: () => removeKeys(url, redisNamespace) };
    }

    it('provisions, starts and points, and says where', async () => {
      cloud = await FakeCloud.start();
      const { one, remove } = await instances();
      const { complete, taskId } = await deploy(one, await signUp(one), () => {});
      expect(complete).toMatchObject({ success: true, result: { domain: `${taskId}.example.com` } });
      expect(cloud.bill).toHaveLength(WHOLE_BILL);
      await remove();
    });

    it('cancelled at any step leaves nothing behind', async () => {
      cloud = await FakeCloud.start(0, { onOrder: (order, when) => atStep(`${order} ${when}`) });
      const { one, other, remove } = await instances();
      const user = await signUp(one);
      let steps = 0;
      atStep = () => void steps++;
      await deploy(one, user, () => {});
      const last = steps; // after it there is nothing to cancel
      expect(last).toBeGreaterThan(2 * WHOLE_BILL);
      const cancelledAt: string[] = [];

      for (let chosen = 1; chosen < last; chosen++) {
        const before = cloud.bill.length;
        let count = 0;
        let taskId = '';
        let ended = (): void => {};
        const end = new Promise<void>((resolve) => {
          ended = resolve;
        });
        atStep = async (step) => {
          if (++count !== chosen) return;
          await eventually(() => taskId, 'the id of the task');
          const answer = await other(`/api/v1/tasks/${taskId}/cancel`, { method: 'POST', headers: user.headers });
          if (answer.status !== 200) return; // too late: it had said that it was complete
          cancelledAt.push(step);
          if (!step.startsWith('event')) await end; // the cloud gets on with it when all has been undone
        };
        const { complete } = await deploy(one, user, (id) => {
          taskId = id;
        });
        ended();
        if (complete.success) {
          expect(cloud.bill).toHaveLength(before + WHOLE_BILL);
          continue;
        }
        expect(complete).toMatchObject({ success: false, error: 'Cancelled by user' });
        await eventually(() => cloud.bill.length === before, `the undos of step ${chosen}`, 15_000);
        await eventually(async () => (await stateOf(other, taskId, user)) === 'cancelled', 'the state of the task');
      }

      const kinds = new Set(cancelledAt.map((step) => step.replace(/deploy-\S+/, '…')));
      expect([...kinds]).toEqual(
        expect.arrayContaining([
          'event log',
          'PUT /droplets/… arrives',
          'PUT /droplets/… is done',
          'PUT /records/… arrives',
        ]),
      );
      expect(cancelledAt.length).toBeGreaterThanOrEqual(last - 3);
      await new Promise((resolve) => setTimeout(resolve, 100)); // what the cloud was still at is done
      expect(cloud.bill.length % WHOLE_BILL).toBe(0);
      await remove();
    });
  });
}

for (const { name, start } of FAULT_REDIS) {
  describe(`the deploy example, killed (${name})`, { timeout: 180_000 }, () => {
    it('fails at every step it was at, and another instance undoes it', async () => {
      const held: string[] = [];
      const orders = new Map<string, number>();
      const letGo: Array<() => void> = [];
      /** The first deployment is held at its first step, the second at its second, the last at none. */
      const hold = async (step: string): Promise<void> => {
        const [taskId = ''] = /deploy-[0-9a-f]{12}/.exec(step) ?? [];
        const count = (orders.get(taskId) ?? 0) + 1;
        orders.set(taskId, count);
        if (count !== [...orders.keys()].indexOf(taskId) + 1) return;
        held.push(taskId);
        await new Promise<void>((resolve) => letGo.push(resolve));
      };
      cloud = await FakeCloud.start(0, { onOrder: (order, when) => hold(`${order} ${when}`) });
      const redis = await start();
      const folder = freshFolder();
      const databaseUrl = sqliteUrl(folder);
      const env = { ENV: 'dev', PORT: '0', JWT_SECRET: SECRET, DATABASE_URL: databaseUrl, REDIS_URL: redis.url };
      const killed = startNode(join(ROOT, 'examples/dist/deploy/main.js'), [], {
        cwd: folder,
        env: { ...env, FAKE_CLOUD_URL: cloud.url },
      });
      try {
        const [, url = ''] = await killed.says(/(http:\/\/127\.0\.0\.1:\d+)\/api\/v1\/auth/, 60_000);
        const send = sendOver(url);
        const user = await signUp(send);
        const tasks: string[] = [];
        const steps = 2 * WHOLE_BILL;
        for (let each = 0; each <= steps; each++) {
          const cut = deploy(send, user, (taskId) => void tasks.push(taskId)).catch(() => undefined);
          await eventually(() => orders.size > each, 'the first order', 15_000);
          if (each === steps) expect((await cut)?.complete).toMatchObject({ success: true });
        }
        await eventually(() => held.length === steps, 'every deployment at its step', 15_000);
        const other = await deployer({ name: 'deployer', jwtSecret: SECRET, databaseUrl, redisUrl: redis.url });
        killed.signal('SIGKILL');
        await killed.ended();
        await eventually(() => cloud.bill.length === WHOLE_BILL, 'the undos', 60_000);
        for (const go of letGo) go();
        await new Promise((resolve) => setTimeout(resolve, 200)); // the orders that were under way arrive late
        const whole = tasks.at(-1) ?? '';
        expect(cloud.bill.every((item) => item.startsWith(whole))).toBe(true);
        const again = await login(other, 'ada@example.com');
        const states = await Promise.all(tasks.map((taskId) => stateOf(other, taskId, again)));
        expect(states).toEqual([...Array.from({ length: steps }, () => 'failed'), 'completed']);
      } finally {
        await killed.kill();
        await releaseServices();
        await redis.close();
      }
    });
  });
}
