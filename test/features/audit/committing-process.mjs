// Writes a row and tells of it, writes another one and dies once that is committed, before it could tell.
import { AuditLogger, KernelAuditLog, KernelAuditState } from '../../../dist/features/audit/index.js';
import { connect, Entity, Field, Model } from '../../../dist/orm/index.js';
import { connectRedis } from '../../../dist/redis/index.js';
import { EventHub } from '../../../dist/telemetry/index.js';

class Other extends Model {}
Field({ type: 'string' })(Other.prototype, 'text');
Entity({ table: 'audited_others' })(Other);

const { database, redis: url, prefix } = JSON.parse(process.argv[2]);
const silent = () => {};
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
const metrics = { increment: silent, gauge: silent, histogram: silent };
const db = await connect(database, { entities: [Other, KernelAuditLog, KernelAuditState] });
const redis = await connectRedis({ url });
const hub = new EventHub({ redis: redis.client, prefix, logger, metrics });
new AuditLogger(hub.open({ key: 'audit_events', save: async () => {} })).watch(db);
await Other.save({ text: 'told' }, { db });
await hub.flush();
db.on('change', () => process.kill(process.pid, 'SIGKILL'));
await Other.save({ text: 'not told' }, { db });
