// Stores audit events and uses, batch after batch, and says when it has taken one and when it has stored it, until it is killed.
import { setTimeout as wait } from 'node:timers/promises';
import { AuditStore, KernelAuditLog, KernelAuditState } from '../../../dist/features/audit/index.js';
import { UsageEvent, UsageStore, UsageSummary } from '../../../dist/features/metering/index.js';
import { connect } from '../../../dist/orm/index.js';
import { connectRedis } from '../../../dist/redis/index.js';
import { EventHub } from '../../../dist/telemetry/index.js';

const { databaseUrl, redisUrl, prefix } = JSON.parse(process.argv[2]);
const silent = () => {};
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
const metrics = { increment: silent, gauge: silent, histogram: silent };
const db = await connect(databaseUrl, { entities: [KernelAuditLog, KernelAuditState, UsageEvent, UsageSummary] });
const redis = await connectRedis({ url: redisUrl });
const audit = new AuditStore({ database: db, telemetry: db });
const usage = new UsageStore({ app: 'app', db });
const telling = (store) => async (events) => {
  process.stdout.write('taken\n');
  await wait(2);
  await store.save(events);
  process.stdout.write('stored\n');
  await wait(2);
};
const hub = new EventHub({ redis: redis.client, prefix, logger, metrics, leaseMs: 200, pollMs: 10 });
hub.open({ key: 'audit_events', batchSize: 20, save: telling(audit) });
hub.open({ key: 'metering_events', batchSize: 20, save: telling(usage) });
hub.startDrains();
