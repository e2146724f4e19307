import { createRouter, getAudit, type Service, UsageEvent } from 'app-kernel';
import { type Database, Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditService, KernelAuditLog, verifyChain } from '../../../src/features/audit/index.js';
import { UsageSummary } from '../../../src/features/metering/index.js';
import { RequestMetric } from '../../../src/features/request-metrics/index.js';
import { eventHubService } from '../../../src/telemetry/index.js';
import { type ChildServer, type FaultServer, SQL_BACKENDS } from '../../setup/servers.js';
import type { SqlBackend, TestDatabase } from '../../setup/sql-backends.js';
import { releaseServices, startedService } from './fresh-service.js';
import { eventually, json } from './http-calls.js';
import { KeptLog } from './kept-log.js';

@Entity({ table: 'outage_notes' })
class Note extends Model {
  @Field({ type: 'string', nullable: false }) text!: string;
}

const router = createRouter();
router.post('/notes/:text', {}, async ({ params }) => ({ id: (await Note.save({ text: params.text ?? '' })).id }));

/** How Redis goes away, and how it comes back. */
interface Absence {
  begin(server: ChildServer): unknown;
  end(server: ChildServer): unknown;
}
const ABSENCES = {
  killed: { begin: (server) => server.kill(), end: (server) => server.start() },
  hung: { begin: (server) => server.pause(), end: (server) => server.resume() },
} satisfies Record<string, Absence>;
const PER_PHASE = 40;

/** The last takes the database of records away as well. */
export const REDIS_FAULTS = ['killed', 'hung', 'killed with its records'] as const;

/** The databases that outlive a process. */
export const SHARED_SQL = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

/** What a service owes to its clients and its records while Redis is away, on one database, by one fault. */
export function describeRedisAway(
  { name, start }: FaultServer,
  sql: SqlBackend,
  fault: (typeof REDIS_FAULTS)[number],
): void {
  describe(`row 33: a service while ${name} is away (${sql.name})`, { timeout: 120_000 }, () => {
    let server: ChildServer;
    let databases: TestDatabase[];
    let service: Service;
    let log: KeptLog;

    beforeEach(async () => {
      server = await start({ appendonly: 'yes', appendfsync: 'always' });
      log = new KeptLog();
      databases = [await sql.create(), await sql.create()];
      const [database, records] = databases;
      service = await startedService({
        ...(database && { databaseUrl: database.url }),
        ...(records && { adminDbUrl: records.url }),
        entities: [Note],
        routers: [router],
        redisUrl: server.url,
        rateLimitAnonymousRpm: 1_000_000,
        logger: log,
      });
    }, 60_000);
    afterEach(async () => {
      server.resume();
      await releaseServices();
      await server.close();
      for (const database of databases) await database.drop();
    });

    const hub = () => {
      const found = service.kernel.services.get(eventHubService);
      if (!found) throw new Error('There is no hub of events');
      return found;
    };
    const records = () => {
      const db = service.kernel.services.get(auditService)?.db;
      if (!db) throw new Error('There is no audit log');
      return { db };
    };
    const refused = async (): Promise<number> => {
      const text = await service.kernel.metrics.render();
      const lines = text.split('\n').filter((line) => line.startsWith('telemetry_events_refused_total{'));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    };

    /** Writes as clients do. @returns the ids of what they were told is written */
    async function write(phase: string): Promise<string[]> {
      const ids: string[] = [];
      for (let n = 0; n < PER_PHASE; n++) {
        const response = await service.inject(`/api/v1/notes/${phase}-${n}`, json({}));
        expect(response.status, await response.clone().text()).toBe(200);
        ids.push(((await response.json()) as { id: string }).id);
      }
      return ids;
    }

    /** Clients write before, during and after. */
    async function losesNothing({ begin, end }: Absence): Promise<void> {
      const written = await write('before');
      await begin(server);
      written.push(...(await write('during')));
      // What waits in the process longer than Redis is waited for goes to the database directly.
      const audit = hub().publisher('audit_events');
      await eventually(() => audit.buffered === 0, 'the buffer to be stored', 40_000);
      const direct = await KernelAuditLog.count({ where: { entity: 'outage_notes' }, ...records() });
      expect(direct).toBeGreaterThanOrEqual(PER_PHASE);
      written.push(...(await write('later')));
      await end(server);
      written.push(...(await write('after')));

      const where = { entity: 'outage_notes', action: 'create' };
      await eventually(
        async () => {
          await hub()
            .settle()
            .catch(() => {});
          const requests = await RequestMetric.count({ where: { route: '/api/v1/notes/:text' }, ...records() });
          const uses = await UsageEvent.count({ where: { endpoint: '/api/v1/notes/:text' }, ...records() });
          const audited = await KernelAuditLog.count({ where, ...records() });
          return Math.min(requests, uses, audited) >= written.length;
        },
        'everything to be stored',
        60_000,
      );
      const audited = await KernelAuditLog.find({ where, limit: 1_000, ...records() });
      expect(audited.map(({ entityId }) => entityId).sort()).toEqual([...written].sort());
      for (const { requestId } of audited) expect(requestId).toMatch(/^[\w-]{36}$/);
      expect(await RequestMetric.count({ where: { route: '/api/v1/notes/:text' }, ...records() })).toBe(written.length);
      const sums = await UsageSummary.find({ where: { metric: 'endpoint:POST:/api/v1/notes/:text' }, ...records() });
      expect(sums.map(({ value }) => value)).toEqual(Array(3).fill(BigInt(written.length)));
      expect((await verifyChain(records())).faults).toEqual([]);
      expect(await refused()).toBe(0);
    }

    /** The database of records is away as well. */
    async function refusesWhatIsBeyondTheBuffer(): Promise<void> {
      await write('before');
      await eventually(async () => {
        await hub().settle();
        return (await KernelAuditLog.count({ where: { entity: 'outage_notes' }, ...records() })) === PER_PHASE;
      }, 'the first records');
      const db = service.kernel.services.get(auditService)?.db as Database;
      await db.execute('ALTER TABLE [kernel_audit_logs] RENAME TO [hidden_logs]');
      await server.kill();
      const taken = Array.from({ length: 10_100 }, (_, n) => getAudit().log({ action: 'beyond', eventId: `e${n}` }));
      const accepted = taken.filter(Boolean).length;
      expect(accepted).toBe(10_000);
      expect(taken.lastIndexOf(true)).toBe(accepted - 1);
      expect(await refused()).toBe(100);
      expect(log.text).toContain('Events are refused: the buffer is full');
      expect((await service.inject('/api/v1/notes/still', json({}))).status).toBe(200);

      await db.execute('ALTER TABLE [hidden_logs] RENAME TO [kernel_audit_logs]');
      await server.start();
      await eventually(
        async () => {
          await hub()
            .settle()
            .catch(() => {});
          return (await KernelAuditLog.count({ where: { action: 'beyond' }, ...records() })) === accepted;
        },
        'what was accepted to be stored',
        60_000,
      );
      expect((await verifyChain(records())).faults).toEqual([]);
    }

    if (fault === 'killed with its records') {
      it('and so is the database of records: what is beyond the buffer is refused, and said to be', () =>
        refusesWhatIsBeyondTheBuffer());
      return;
    }
    it(`that is ${fault} loses no record and no use, and stores none twice`, () => losesNothing(ABSENCES[fault]));
  });
}
