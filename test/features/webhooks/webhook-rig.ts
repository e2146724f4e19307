import { FakeClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/ports.js';
import { Services } from '../../../src/base/services.js';
import { KernelWorkspace } from '../../../src/features/saas/index.js';
import {
  DeliveryStore,
  Dispatcher,
  EventTrigger,
  KernelWebhook,
  KernelWebhookDelivery,
  type NewWebhook,
  SealedSecrets,
  type Transport,
  WebhookStore,
} from '../../../src/features/webhooks/index.js';
import { JobQueue, JobRegistry } from '../../../src/jobs/index.js';
import { connect } from '../../../src/orm/index.js';
import { connectRedis } from '../../../src/redis/index.js';
import { freshPrefix, type RedisBackend, removeKeys } from '../../setup/redis-backends.js';
import type { SqlBackend } from '../../setup/sql-backends.js';

export type WebhookRig = Awaited<ReturnType<typeof openRig>>;

/** The room without a service, on a clock of the test's own. Its receivers are on this machine. */
export async function openRig(sql: SqlBackend, redis: RedisBackend, transport: Partial<Transport> = {}) {
  const database = await sql.create();
  const db = await connect(database.url, {
    entities: [KernelWorkspace, KernelWebhook, KernelWebhookDelivery],
    dataDir: database.dataDir,
  });
  await db.migrate();
  const prefix = freshPrefix();
  const connection = await connectRedis({ url: redis.url });
  const clock = new FakeClock(Date.now());
  const secrets = new SealedSecrets('the secret of the service');
  const targets = { allowHttp: true, allowedNetworks: ['127.0.0.0/8'] };
  const webhooks = new WebhookStore({ db, secrets, targets, clock });
  const deliveries = new DeliveryStore(db, clock);

  /** What one process has of the room. */
  const openProcess = () => {
    const registry = new JobRegistry();
    const queue = new JobQueue({ redis: connection.jobs, prefix, name: 'webhooks', registry, resultTtlMs: 0 });
    const dispatcher = new Dispatcher({
      db,
      queue,
      registry,
      webhooks,
      deliveries,
      transport: { ...targets, timeoutSeconds: 2, ...transport },
      retentionDays: 30,
      services: new Services(),
      logger: silentLogger,
      clock,
    });
    return { dispatcher, queue };
  };
  const { dispatcher, queue } = openProcess();
  const events = new EventTrigger({ db, announce: (due) => dispatcher.announce(due), clock });
  const { id: workspaceId } = await KernelWorkspace.save({ ownerId: 'ada', name: 'House', slug: 'house' }, { db });

  return {
    db,
    clock,
    webhooks,
    deliveries,
    dispatcher,
    queue,
    events,
    workspaceId,
    openProcess,
    create: (given: NewWebhook) => webhooks.create(workspaceId, given),
    trigger: (event: string, data?: unknown) => events.trigger(workspaceId, { event, data }),
    /** The one delivery, as it is now. */
    only: async (webhookId: string) => {
      const [delivery] = await KernelWebhookDelivery.find({ where: { webhookId }, orderBy: { id: 'desc' }, db });
      if (!delivery) throw new Error('There is no delivery');
      return delivery;
    },
    /** What is due at that time is sent. */
    later: async (ms: number) => {
      clock.advance(ms);
      await dispatcher.look();
    },
    close: async () => {
      await dispatcher.stop({ timeoutMs: 10 });
      await connection.close();
      if (redis.url) await removeKeys(redis.url, prefix);
      await db.close();
      await database.drop();
    },
  };
}
