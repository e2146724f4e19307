import { afterEach, beforeEach } from 'vitest';
import { silentLogger, silentMetrics } from '../../../src/base/ports.js';
import {
  type AuditEvent,
  AuditLogger,
  AuditReconciler,
  AuditStore,
  type GapSink,
  KernelAuditLog,
  KernelAuditState,
} from '../../../src/features/audit/index.js';
import { connect, type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { connectRedis, type RedisConnection } from '../../../src/redis/index.js';
import { EventHub } from '../../../src/telemetry/events/index.js';
import type { RedisBackend } from '../../setup/redis-backends.js';
import { freshPrefix, removeKeys } from '../../setup/servers.js';
import type { SqlBackend, TestDatabase } from '../../setup/sql-backends.js';

@Entity({ table: 'audited_things' })
export class Thing extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0 }) count!: number;
  @Field({ type: 'boolean', default: false }) isOpen!: boolean;
  @Field({ type: 'json' }) details?: unknown;
  @Field({ type: 'datetime' }) dueAt?: Date | null;
  @Field({ type: 'bigint' }) big?: bigint | null;
  @Field({ type: 'blob' }) bytes?: Uint8Array | null;
  @Field({ type: 'string', index: true }) workspaceId?: string | null;
  @Field({ type: 'text' }) essay?: string | null;
  @Field({ type: 'string' }) passwordHash?: string | null;
  @Field({ type: 'string', sensitive: true }) marked?: string | null;
}

@Entity({ table: 'audited_others' })
export class Other extends Model {
  @Field({ type: 'string' }) text?: string | null;
}

@Entity({ table: 'unaudited_lines', history: false })
export class Line extends Model {
  @Field({ type: 'string' }) text?: string | null;
}

interface Urls {
  database: string;
  redis?: string | undefined;
}

export interface OpenedAudit {
  urls: Urls;
  db: Database;
  redis: RedisConnection;
  hub: EventHub;
  prefix: string;
  store: AuditStore;
  audit: AuditLogger;
  reconciler(now: () => number, sink?: GapSink): AuditReconciler;
  /** Stores what is on its way. @returns every record in the order of the chain. */
  records(): Promise<KernelAuditLog[]>;
  /** What is written from now on, nobody tells of, as of a process that is killed at once. */
  stopWatching(): void;
  close(): Promise<void>;
}

/** One for each test of the suite that calls this, on a database of its own. @returns what answers the one of now */
export function auditOfEach(sql: SqlBackend, redis: RedisBackend): () => OpenedAudit {
  let database: TestDatabase;
  let opened: OpenedAudit;
  beforeEach(async () => {
    database = await sql.create();
    opened = await openAudit({ database: database.url, redis: redis.url });
  });
  afterEach(async () => {
    await opened.close();
    await database.drop();
  });
  return () => opened;
}

async function openAudit(urls: Urls): Promise<OpenedAudit> {
  const db = await connect(urls.database, { entities: [Thing, Other, Line, KernelAuditLog, KernelAuditState] });
  await db.migrate();
  const redis = await connectRedis({ url: urls.redis });
  const prefix = freshPrefix();
  const hub = new EventHub({ redis: redis.client, prefix, logger: silentLogger, metrics: silentMetrics });
  const store = new AuditStore({ database: db, telemetry: db });
  const publisher = hub.open<AuditEvent>({ key: 'audit_events', save: store.save });
  const audit = new AuditLogger(publisher);
  const stop = audit.watch(db);
  return {
    urls,
    db,
    redis,
    hub,
    prefix,
    store,
    audit,
    reconciler: (now, sink = publisher) =>
      new AuditReconciler({
        database: db,
        telemetry: db,
        store,
        sink,
        logger: silentLogger,
        metrics: silentMetrics,
        oldestOnItsWay: async () => (await hub.state('audit_events')).oldestAt,
        clock: { now },
      }),
    records: async () => {
      await hub.settle();
      return KernelAuditLog.find({ orderBy: { seq: 'asc' }, db });
    },
    stopWatching: stop,
    close: async () => {
      stop();
      await hub.close();
      await redis.close();
      if (urls.redis) await removeKeys(urls.redis, prefix);
      await db.close();
    },
  };
}

/** Of a record, what tests look at. */
export const brief = (records: readonly KernelAuditLog[]) =>
  records.map(({ action, entityVersion, changes }) => ({
    action,
    version: entityVersion,
    changes: changes ? JSON.parse(changes) : null,
  }));
