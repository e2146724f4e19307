import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentMetrics } from '../../src/base/ports.js';
import { ActionReplay } from '../../src/features/action-replay/index.js';
import { AuditStore, verifyChain } from '../../src/features/audit/index.js';
import { KernelAuthSession, KernelAuthToken } from '../../src/features/auth/index.js';
import { UsageEvent, UsageSummary } from '../../src/features/metering/index.js';
import { RequestMetric } from '../../src/features/request-metrics/index.js';
import { TraceSpan } from '../../src/features/tracing/index.js';
import { connect, type Database, entityMeta } from '../../src/orm/index.js';
import { entitiesOf } from '../../src/service/kernel-entities.js';
import { kernelSettings } from '../../src/service/settings/settings.js';
import { TELEMETRY_ENTITIES } from '../../src/service/telemetry/open-telemetry.js';
import { Retention, type RetentionOptions } from '../../src/service/telemetry/retention.js';
import { TELEMETRY_ROOMS } from '../../src/service/telemetry/rooms/index.js';
import { SERVICE_RETENTION } from '../../src/service/telemetry/service-tables.js';
import { SQL_BACKENDS } from '../setup/servers.js';
import type { TestDatabase } from '../setup/sql-backends.js';
import { KeptLog } from './setup/kept-log.js';

const RULES = [...TELEMETRY_ROOMS.flatMap(({ retention }) => retention), ...SERVICE_RETENTION];
const NOW = Date.parse('2026-03-15T12:00:00Z');
const at = (day: string): Date => new Date(`${day}T00:00:00Z`);
const KEPT: RetentionOptions['days'] = {
  audit: 30,
  requestMetrics: 30,
  usageEvents: 30,
  usageDays: 30,
  usageSummaries: 365,
  traces: 30,
  actionReplays: 30,
  sessions: 30,
};

/** Tables without a history that do not grow with traffic, and why. */
const BOUNDED = new Map([
  ['kernel_audit_state', 'a row for each table'],
  ['kernel_auth_totp', 'a row for each user'],
  ['kernel_jobs_outbox', 'rows go once the queue has them'],
  ['kernel_webhook_deliveries', 'has retentionDays'],
]);

it('covers every table of the kernel that grows with traffic', () => {
  const settings = kernelSettings({
    auth: { tokenSecret: 'x'.repeat(40) },
    databaseUrl: 'sqlite::memory:',
    jobs: { outbox: true },
  });
  const all = [...entitiesOf(settings, { entities: [] }), ...TELEMETRY_ENTITIES].map(entityMeta);
  const growing = all.filter(({ history, table }) => !history && !BOUNDED.has(table)).map(({ table }) => table);
  const covered = RULES.map(({ entity }) => entityMeta(entity).table);
  expect([...new Set(covered)].sort()).toEqual([...growing].sort());
});

for (const sql of SQL_BACKENDS) {
  describe(`what is older than it is to be kept (${sql.name})`, { timeout: 60_000 }, () => {
    let database: TestDatabase;
    let db: Database;
    const log = new KeptLog();

    beforeEach(async () => {
      database = await sql.create();
      db = await connect(database.url, {
        entities: [...TELEMETRY_ENTITIES, ActionReplay, KernelAuthSession, KernelAuthToken],
      });
      await db.migrate();
    });
    afterEach(async () => {
      await db.close();
      await database.drop();
    });

    const trim = (days: Partial<RetentionOptions['days']> = {}, rules = RULES): Promise<Record<string, number>> =>
      new Retention({
        rules,
        days: { ...KEPT, ...days },
        db,
        logger: log,
        metrics: silentMetrics,
        clock: { now: () => NOW },
      }).runOnce();

    async function fill(): Promise<void> {
      const calendar = { year: 2026, month: 1, day: 1, hour: 0 };
      for (const timestamp of [at('2026-01-01'), at('2026-03-14')]) {
        const request = { requestId: 'r', method: 'GET', route: '/', path: '/', statusCode: 200, serverLatencyMs: 1 };
        await RequestMetric.save({ ...request, ...calendar, timestamp }, { db });
        const eventId = timestamp.toISOString();
        await UsageEvent.save({ eventId, app: 'a', metrics: {}, period: '2026-01', timestamp }, { db });
        const span = { traceId: 't', spanId: 's', name: 'n', service: 'a', durationMs: 1, endedAt: timestamp };
        await TraceSpan.save({ ...span, startedAt: timestamp }, { db });
        await ActionReplay.save({ fingerprint: 'f', timestamp }, { db });
        await KernelAuthSession.save({ userId: 'u', tokenHash: 'h', expiresAt: timestamp }, { db });
        const token = { userId: 'u', purpose: 'reset', email: 'a@example.com', tokenHash: eventId };
        await KernelAuthToken.save({ ...token, expiresAt: timestamp }, { db });
        const origin = { userId: null, actorType: null, requestId: null, workspaceId: null, ip: null, userAgent: null };
        const entry = { kind: 'entry', action: 'a', status: 'success', entity: 'app', entityId: '' } as const;
        await new AuditStore({ database: db, telemetry: db }).save([{ ...entry, id: eventId, at: eventId, origin }]);
      }
      const periods = ['2026-02-12', '2026-02-13', '2025-02', '2025-03', '2026-03', '2024', '2025', '2026'];
      await UsageSummary.saveMany(
        periods.map((period) => ({ app: 'a', period, metric: 'requests' })),
        { db },
      );
    }

    it('goes, and nothing else, of every kind', async () => {
      await fill();
      expect(await trim()).toEqual({
        KernelAuditLog: 1,
        RequestMetric: 1,
        UsageEvent: 1,
        UsageSummary: 3,
        TraceSpan: 1,
        ActionReplay: 1,
        KernelAuthSession: 1,
        KernelAuthToken: 1,
      });
      const sums = await UsageSummary.find({ orderBy: 'period', db });
      // The day, month and year that the moment is in are not over yet.
      expect(sums.map(({ period }) => period)).toEqual(['2025', '2025-03', '2026', '2026-02-13', '2026-03']);
      for (const table of ['kernel_request_metrics', 'kernel_traces', 'kernel_action_replays', 'kernel_audit_logs'])
        expect(await db.countEntities(table), table).toBe(1);
      expect((await verifyChain({ db })).faults).toEqual([]);
      expect(await trim()).toMatchObject({ ActionReplay: 0, UsageSummary: 0 });
    });

    it('stays where all is to stay, and where the table is not in the database', async () => {
      await fill();
      const none = Object.fromEntries(Object.keys(KEPT).map((kind) => [kind, null]));
      expect(await trim(none)).toEqual({});
      const without = await connect('sqlite::memory:', { entities: [TraceSpan] });
      await without.migrate();
      const options = { days: KEPT, db: without, logger: log, metrics: silentMetrics };
      expect(await new Retention({ rules: RULES, ...options }).runOnce()).toEqual({ TraceSpan: 0 });
      await without.close();
    });

    it('goes a thousand at a time', async () => {
      const row = { fingerprint: 'f', timestamp: at('2026-01-01'), replayLog: [{ detail: 'x'.repeat(100) }] };
      await ActionReplay.saveMany(Array(2_100).fill(row), { db });
      const before = log.lines.length;
      const sizes: number[] = [];
      const counting = { ...silentMetrics, increment: (_: string, __?: object, by = 1) => sizes.push(by) };
      const options = { days: KEPT, db, logger: log, metrics: counting, clock: { now: () => NOW } };
      expect(await new Retention({ rules: SERVICE_RETENTION, ...options }).runOnce()).toMatchObject({
        ActionReplay: 2_100,
      });
      expect(sizes).toEqual([1_000, 1_000, 100]);
      expect(log.lines.length).toBe(before);
    });

    it('goes from other tables also where one cannot be trimmed, and that is logged', async () => {
      await fill();
      await db.execute('DROP TABLE [kernel_request_metrics]');
      const removed = await trim();
      expect(removed).toMatchObject({ TraceSpan: 1, ActionReplay: 1, KernelAuthSession: 1 });
      expect(removed).not.toHaveProperty('RequestMetric');
      expect(JSON.stringify(log.lines.at(-1))).toContain('Old records were not removed');
    });
  });
}
