import { join } from 'node:path';
import { getAudit, type Service, trackUsage } from 'app-kernel';
import { connect, Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelAuditLog, KernelAuditState, verifyChain } from '../../src/features/audit/index.js';
import { UsageEvent, UsageSummary } from '../../src/features/metering/index.js';
import { RequestMetric } from '../../src/features/request-metrics/index.js';
import { TraceSpan } from '../../src/features/tracing/index.js';
import { eventHubService } from '../../src/telemetry/index.js';
import { type Child, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices, startedService } from '../service/setup/fresh-service.js';
import { eventually, sendTo } from '../service/setup/http-calls.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys, SQL_BACKENDS } from '../setup/servers.js';
import type { TestDatabase } from '../setup/sql-backends.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const RECORDED = [KernelAuditLog, KernelAuditState, UsageEvent, UsageSummary, RequestMetric, TraceSpan];
/** Of each kind of event, in each of three rounds. */
const COUNT = 60;
const SHARED = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

@Entity({ table: 'drained_parcels' })
class Parcel extends Model {
  @Field({ type: 'string' }) label!: string;
  @Field({ type: 'boolean', default: false }) isSent!: boolean;
}

const children: Child[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});

function adminWorker(args: readonly string[] = [], env: Record<string, string> = {}): Child {
  const child = startNode(MAIN, ['admin-worker', ...args], { cwd: freshFolder(), env: { APP_ENV: 'test', ...env } });
  children.push(child);
  return child;
}

it.each([
  [[], /redisUrl/],
  [['--redis-url', 'redis://127.0.0.1:6379'], /databaseUrl/],
  [['--entities', 'missing.mjs'], /missing\.mjs does not exist/],
])('starts nothing with %j, and names what is missing', { timeout: 90_000 }, async (args, complaint) => {
  const { code, stderr } = await adminWorker(args, { APP_ENV: 'prod' }).ended();
  expect(code).toBe(1);
  expect(stderr).toMatch(complaint);
  expect(stderr).not.toMatch(/\n\s+at /);
});

for (const { url: redisUrl } of REDIS_BACKENDS.filter(({ url }) => url)) {
  describe.each(SHARED)('app-kernel admin-worker ($name)', { timeout: 300_000 }, (sql) => {
    let databases: TestDatabase[];
    let namespace: string;
    let service: Service;

    beforeEach(() => {
      databases = [];
      namespace = freshPrefix();
    });
    afterEach(async () => {
      await releaseServices();
      for (const database of databases) await database.drop();
      await removeKeys(redisUrl ?? '', namespace);
    });

    /** A service that stores nothing itself, and what its workers are started with. */
    async function open(hasAdminDb: boolean): Promise<{ args: string[]; recorded: string }> {
      const database = await sql.create();
      const admin = hasAdminDb ? await sql.create() : undefined;
      databases.push(database, ...(admin ? [admin] : []));
      service = await startedService({
        databaseUrl: database.url,
        entities: [Parcel],
        adminWorkerEmbedded: false,
        redisUrl,
        redisNamespace: namespace,
        ...(admin && { adminDbUrl: admin.url }),
      });
      const args = ['--redis-url', redisUrl ?? '', '--database-url', database.url, '--namespace', namespace];
      return {
        args: admin ? [...args, '--admin-db-url', admin.url] : args,
        recorded: admin?.url ?? database.url,
      };
    }

    const hub = () => {
      const found = service.kernel.services.get(eventHubService);
      if (!found) throw new Error('There is no hub of events');
      return found;
    };
    /** Events that are not stored yet, wherever they are. */
    const waiting = async (): Promise<number> => {
      await hub().flush();
      const channels = hub().channels.map(async (channel) => {
        const { waiting, taken } = await hub().state(channel);
        return waiting + taken + hub().publisher(channel).buffered;
      });
      return (await Promise.all(channels)).reduce((sum, count) => sum + count, 0);
    };

    /** Writes rows, entries, uses and requests, `count` of each. */
    async function produce(round: string, count: number): Promise<void> {
      await Parcel.saveMany(Array.from({ length: count }, (_, index) => ({ label: `${round} ${index}` })));
      for (let index = 0; index < count; index++) {
        getAudit().log({ action: 'parcel.weighed', eventId: `${round}:${index}` });
        await trackUsage({ userId: 'ann', metrics: { grams: 3 }, eventId: `${round}:grams:${index}` });
        await sendTo(service)(`/api/v1/nowhere/${round}/${index}`);
      }
    }

    it('stores what a service publishes, several at once, each event once, until it is told to stop', async () => {
      const { args, recorded } = await open(false);
      await produce('before', COUNT);
      expect(await waiting()).toBeGreaterThan(0);
      const workers = [adminWorker(args), adminWorker(args)] as const;
      for (const worker of workers) await worker.says(/stores what is published/, 90_000);
      await produce('during', COUNT);
      await eventually(async () => (await waiting()) === 0, 'the queues to be empty', 90_000);

      // One goes while there is work; the other does all that is left.
      const producing = produce('after', COUNT);
      await eventually(async () => (await waiting()) > 0, 'work', 90_000);
      workers[0].signal('SIGTERM');
      expect(await workers[0].ended()).toMatchObject({ code: 0, signal: null });
      await producing;
      await eventually(async () => (await waiting()) === 0, 'the queues to be empty', 90_000);
      workers[1].signal('SIGTERM');
      expect(await workers[1].ended()).toMatchObject({ code: 0, signal: null });

      const db = await connect(recorded, { entities: RECORDED });
      try {
        const created = await KernelAuditLog.find({ where: { entity: 'drained_parcels', action: 'create' }, db });
        expect(created).toHaveLength(3 * COUNT);
        expect(new Set(created.map(({ entityId }) => entityId)).size).toBe(3 * COUNT);
        expect(JSON.parse(created[0]?.changes ?? '')).toMatchObject({ label: [null, expect.any(String)] });
        expect(await KernelAuditLog.count({ where: { action: 'parcel.weighed' }, db })).toBe(3 * COUNT);
        const sums = await UsageSummary.find({ where: { metric: 'grams' }, db });
        expect(sums.map(({ value }) => value)).toEqual(Array(3).fill(BigInt(3 * 3 * COUNT)));
        expect(await RequestMetric.count({ where: { path: { startsWith: '/api/v1/nowhere/' } }, db })).toBe(3 * COUNT);
        expect(await TraceSpan.count({ where: { kind: 1 }, db })).toBe(3 * COUNT);
        expect((await verifyChain({ db })).faults).toEqual([]);
      } finally {
        await db.close();
      }
      for (const channel of hub().channels) expect(await hub().deadLetters(channel).count()).toBe(0);
    });

    it('makes the tables of a database for records alone, and reads changes in that of the service', async () => {
      const { args, recorded } = await open(true);
      await produce('apart', 5);
      const worker = adminWorker(args);
      await worker.says(/stores what is published/, 90_000);
      await eventually(async () => (await waiting()) === 0, 'the queues to be empty', 90_000);
      worker.signal('SIGINT');
      expect(await worker.ended()).toMatchObject({ code: 0, signal: null });
      const db = await connect(recorded, { entities: RECORDED });
      try {
        const created = await KernelAuditLog.find({ where: { entity: 'drained_parcels' }, db });
        expect(created.map(({ changes }) => JSON.parse(changes ?? '').label[1]).sort()).toEqual(
          Array.from({ length: 5 }, (_, index) => `apart ${index}`),
        );
      } finally {
        await db.close();
      }
    });
  });
}
