// One of several instances of a service: `POST /orders` takes its time and writes a ledger, and hangs where it is the first
// run of an order that is to be cut; `POST /take` is limited by user.
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import Koa from 'koa';
import { z } from 'zod';
import {
  createHttpServer,
  createRouter,
  createStack,
  Idempotency,
  installStack,
  RateLimits,
  RouteTable,
  rateLimit,
  UserIdentity,
} from '../../../dist/http/index.js';
import { connectRedis } from '../../../dist/redis/index.js';
import { IdempotencyStore, RateLimiter } from '../../../dist/reliability/index.js';

const { redisUrl, ledger, limit, leaseSeconds } = JSON.parse(process.argv[2]);
const silent = () => {};
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
const metrics = { increment: silent, gauge: silent, histogram: silent };
const note = (what, order) => appendFileSync(ledger, `${what} ${order} ${process.pid}\n`);

const router = createRouter();
router.post('/orders', { auth: 'user', body: z.object({ order: z.string() }) }, async ({ body: { order } }) => {
  const isFirst = !readFileSync(ledger, 'utf8').includes(`start ${order} `);
  note('start', order);
  await wait(isFirst && order.startsWith('cut') ? 60_000 : 20);
  note('end', order);
  return { order, pid: process.pid };
});
router.post('/take', { auth: 'user', use: [rateLimit(limit)] }, async () => 'taken');

const redis = await connectRedis({ url: redisUrl });
const store = new IdempotencyStore(redis.client, { prefix: 'idem:', secret: 's'.repeat(32), leaseSeconds });
const tiers = { anonymous: 1, authenticated: 1_000_000, admin: 1 };
const routes = new RouteTable();
routes.mount([router]);
const app = new Koa();
app.silent = true;
installStack(
  app,
  createStack({
    logger,
    metrics,
    routes,
    idempotency: new Idempotency({ store, ttlSeconds: 600, logger }),
    rateLimits: new RateLimits({ limiter: new RateLimiter(redis.client), tiers, logger }),
    authenticate(ctx) {
      const id = ctx.get('Authorization').replace('Bearer ', '');
      ctx.state.user = new UserIdentity({ id, email: `${id}@example.com`, role: 'user' });
      ctx.state.auth = { type: 'user', userId: id };
    },
  }),
);
const server = createHttpServer(app.callback());
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
