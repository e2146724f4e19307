import { silentLogger, silentMetrics } from '../../dist/base/ports.js';
import { AuditLogger, AuditStore, KernelAuditLog, KernelAuditState } from '../../dist/features/audit/index.js';
import { connect, Entity, Field, Model } from '../../dist/orm/index.js';
import { connectRedis } from '../../dist/redis/index.js';
import { EventHub } from '../../dist/telemetry/index.js';

const ROWS = 500;
/** PostgreSQL answers several callers at once; SQLite has one writer. */
const CALLERS = { sqlite: 1, postgres: 8 };

class Item extends Model {}
Field({ type: 'string', nullable: false })(Item.prototype, 'name');
Field({ type: 'string', index: true })(Item.prototype, 'workspaceId');
Field({ type: 'integer', nullable: false })(Item.prototype, 'stock');
Field({ type: 'json', nullable: false })(Item.prototype, 'attributes');
Entity({ table: 'items' })(Item);

/**
 * Rows that are written, and who is told of it: `without` nobody; `published` Redis, from where an admin worker elsewhere takes
 * it; `stored` the worker in this process, whose work counts as well.
 */
export async function openContestant(name, { engine, databaseUrl, redisUrl, folder }) {
  const db = await connect(databaseUrl, { entities: [Item, KernelAuditLog, KernelAuditState], dataDir: folder });
  await db.migrate();
  const redis = await connectRedis({ url: redisUrl });
  const hub = new EventHub({
    redis: redis.client,
    prefix: `${name}:${engine}:`,
    logger: silentLogger,
    metrics: silentMetrics,
  });
  const { save } = new AuditStore({ database: db, telemetry: db });
  const logger = new AuditLogger(hub.open({ key: 'audit_events', save, batchSize: 200 }));
  const stop = name === 'without' ? () => {} : logger.watch(db);
  const made = Array.from({ length: ROWS }, (_, row) => ({
    name: `item ${row}`,
    workspaceId: 'w1',
    stock: 0,
    attributes: { row },
  }));
  const ids = (await Item.saveMany(made, { db })).map(({ id }) => id);
  await hub.settle();
  let stock = 0;

  /** Every other write is a new row, the rest change one. */
  const write = async (at) => {
    stock += 1;
    if (at % 2 === 0) return Item.save({ name: `new ${stock}`, workspaceId: 'w1', stock, attributes: { at } }, { db });
    return Item.update(ids[at % ROWS], { stock }, { db });
  };
  const told = name === 'stored' ? () => hub.settle() : () => hub.flush();

  return {
    name,
    /** CPU of this process, µs for each of `count` writes, with everything that had to be told of them. */
    async measure(count) {
      const before = process.cpuUsage();
      let next = 0;
      const caller = async () => {
        while (next < count) await write(next++);
      };
      await Promise.all(Array.from({ length: CALLERS[engine] }, caller));
      await told();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / count;
    },
    /** What was published and not stored is no longer waited for. */
    forget: () => redis.client.flushall(),
    async close() {
      stop();
      await hub.close();
      await redis.close();
      await db.close();
    },
  };
}
