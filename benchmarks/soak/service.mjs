// What is put under load: everything on, in the processes of `app-kernel start`.
import { z } from 'zod';
import { cached, createRouter, createService, getJobClient } from '../../dist/index.js';
import { Entity, Field, Model } from '../../dist/orm/index.js';

class Order extends Model {}
Field({ type: 'string', nullable: false })(Order.prototype, 'sku');
Field({ type: 'integer', default: 0 })(Order.prototype, 'quantity');
Entity({ table: 'soak_orders' })(Order);

const { PORT, DATABASE_URL, REDIS_URL, DATA_DIR, JWT_SECRET } = process.env;
const latest = cached({ ttlSeconds: 5, key: 'latest', tags: ['soak_orders'] }, async () => {
  const orders = await Order.find({ orderBy: 'created_at desc', limit: 10 });
  return orders.map(({ id, sku }) => ({ id, sku }));
});

const router = createRouter();
router.get('/latest', {}, () => latest());
router.post(
  '/orders',
  { auth: 'user', body: z.object({ sku: z.string(), quantity: z.int() }), status: 201 },
  async ({ body }) => {
    const { id } = await Order.save(body);
    return { id };
  },
);
router.post('/jobs', { auth: 'user' }, async () => {
  const { jobId } = await getJobClient().enqueue('noop', null);
  return { jobId };
});
router.get('/vitals', {}, () => {
  globalThis.gc?.();
  return { pid: process.pid, rss: process.memoryUsage.rss(), handles: process.getActiveResourcesInfo().length };
});

const service = createService({
  name: 'soak',
  databaseUrl: DATABASE_URL,
  redisUrl: REDIS_URL,
  jwtSecret: JWT_SECRET,
  corsOrigins: ['https://shop.example.com'],
  emailFrom: 'shop@example.com',
  smtpUrl: 'smtp://127.0.0.1:2525',
  dataDir: DATA_DIR,
  entities: [Order],
  routers: [router],
  tasks: { noop: async () => {} },
  rateLimitAnonymousRpm: 1_000_000_000,
  rateLimitAuthenticatedRpm: 1_000_000_000,
  backupSchedule: null,
});
await service.listen(Number(PORT), '127.0.0.1');
