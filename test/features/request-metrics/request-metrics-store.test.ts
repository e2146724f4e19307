import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../../src/base/ids.js';
import { RequestMetric, RequestMetricsStore } from '../../../src/features/request-metrics/index.js';
import type { RequestEvent } from '../../../src/features/request-metrics/request-event.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

const NOBODY = { error: null, errorType: null, clientIp: null, userAgent: null, referer: null, userId: null };
const NOWHERE = { workspaceId: null, country: null, city: null, continent: null, traceId: null, queryParams: null };

function event(changes: Partial<RequestEvent> = {}): RequestEvent {
  return {
    ...NOBODY,
    ...NOWHERE,
    id: uuidv7(),
    timestamp: Date.now(),
    requestId: 'r-1',
    method: 'GET',
    route: '/orders/:id',
    path: '/orders/1',
    statusCode: 200,
    serverLatencyMs: 12.345,
    ...changes,
  };
}

for (const backend of SQL_BACKENDS) {
  describe(`the store of request metrics on ${backend.name}`, () => {
    let fresh: TestDatabase;
    let db: Database;
    let store: RequestMetricsStore;
    beforeAll(async () => {
      fresh = await backend.create();
      db = await connect(fresh.url, { entities: [RequestMetric], dataDir: fresh.dataDir });
      await RequestMetricsStore.initSchema(db);
      store = new RequestMetricsStore({ db });
    });
    beforeEach(() => RequestMetric.deleteMany({}, { db, all: true }));
    afterAll(async () => {
      await db.close();
      await fresh.drop();
    });

    it('keeps each event once, however often its batch comes, and at once from several sides', async () => {
      const events = Array.from({ length: 50 }, (_, n) =>
        event({ path: `/orders/${n}`, queryParams: { a: ['1', '2'] } }),
      );
      await store.saveEvents(events.slice(0, 30));
      await store.saveEvents(events);
      const at = new Date(events[7]?.timestamp ?? 0);
      const [seventh] = await RequestMetric.find({ where: { path: '/orders/7' }, db });
      expect(seventh).toMatchObject({
        ...NOBODY,
        id: events[7]?.id,
        queryParams: { a: ['1', '2'] },
        serverLatencyMs: 12.345,
        timestamp: at,
        year: at.getUTCFullYear(),
        month: at.getUTCMonth() + 1,
        day: at.getUTCDate(),
        hour: at.getUTCHours(),
        version: 1,
      });
      const more = Array.from({ length: 50 }, () => event());
      await Promise.all([1, 2, 3].map(() => store.saveEvents(more)));
      expect(await RequestMetric.count({ db })).toBe(100);
    });

    it('counts, averages and ranks latencies exactly', async () => {
      const events = Array.from({ length: 200 }, (_, n) =>
        event({ serverLatencyMs: 200 - n, route: '/fast', path: '/api/fast' }),
      );
      events.push(event({ serverLatencyMs: 5_000, route: '/slow', path: '/api/slow_1', statusCode: 503 }));
      events.push(event({ serverLatencyMs: 9_000, route: '/slow', path: '/api/slowX1', statusCode: 404 }));
      events.push(event({ timestamp: Date.now() - 3 * 3_600_000, path: '/old' }));
      await store.saveEvents(events);
      expect(await store.getStats({ hours: 1 })).toEqual({
        total: 202,
        avgLatencyMs: 168.81,
        maxLatencyMs: 9_000,
        minLatencyMs: 1,
        p50LatencyMs: 101,
        p95LatencyMs: 192,
        p99LatencyMs: 200,
        error5xx: 1,
        error4xx: 1,
        success2xx: 200,
        slowEndpoints: [
          { path: '/slow', avgLatencyMs: 7_000, count: 2 },
          { path: '/fast', avgLatencyMs: 100.5, count: 200 },
        ],
        errorEndpoints: expect.arrayContaining([
          { path: '/slow', statusCode: 503, count: 1 },
          { path: '/slow', statusCode: 404, count: 1 },
        ]),
      });
      expect((await store.getStats({ hours: 24 })).total).toBe(203);
      expect((await store.getStats({ pathPrefix: '/api/slow_' })).total).toBe(1); // no pattern of SQL
      expect(await store.getStats({ pathPrefix: '/nowhere' })).toMatchObject({
        total: 0,
        avgLatencyMs: null,
        p99LatencyMs: null,
        error5xx: 0,
      });
    });

    it('finds the recent, the slow and the failed, newest first', async () => {
      const now = Date.now();
      await store.saveEvents([
        event({ timestamp: now - 3_000, path: '/a/1', statusCode: 404, userId: 'u1' }),
        event({ timestamp: now - 2_000, path: '/a/2', statusCode: 500, serverLatencyMs: 2_000 }),
        event({ timestamp: now - 1_000, path: '/b/1', requestId: 'r-9' }),
      ]);
      const paths = (rows: RequestMetric[]) => rows.map(({ path }) => path);
      expect(paths(await store.getRecent())).toEqual(['/b/1', '/a/2', '/a/1']);
      expect(paths(await store.getRecent({ limit: 1, offset: 1 }))).toEqual(['/a/2']);
      expect(paths(await store.getRecent({ pathPrefix: '/a' }))).toEqual(['/a/2', '/a/1']);
      expect(paths(await store.getRecent({ userId: 'u1' }))).toEqual(['/a/1']);
      expect(paths(await store.getRecent({ statusCode: 200 }))).toEqual(['/b/1']);
      expect(paths(await store.getRecent({ requestId: 'r-9' }))).toEqual(['/b/1']);
      expect(paths(await store.getRecent({ minLatencyMs: 1_000 }))).toEqual(['/a/2']);
      expect(paths(await store.getErrors())).toEqual(['/a/2', '/a/1']);
      expect(paths(await store.getErrors({ statusCode: 404 }))).toEqual(['/a/1']);
    });

    it('takes single metrics, and removes old ones', async () => {
      const old = await store.save({
        method: 'GET',
        path: '/x',
        statusCode: 200,
        serverLatencyMs: 1,
        timestamp: new Date(Date.now() - 40 * 86_400_000),
      });
      const id = await store.save({ method: 'GET', path: '/y', statusCode: 200, serverLatencyMs: 1 });
      expect(await RequestMetric.exists({ where: { id: old }, db })).toBe(true);
      expect(await store.cleanupOld(30)).toBe(1);
      expect((await store.getRecent()).map((row) => row.id)).toEqual([id]);
      await expect(store.cleanupOld(Number.NaN)).rejects.toThrow(/days/);
    });
  });
}

describe('initSchema', () => {
  it('names what is missing', async () => {
    const db = await connect('sqlite::memory:', { entities: [] });
    await expect(RequestMetricsStore.initSchema(db)).rejects.toThrow(/RequestMetric/);
    await db.close();
  });
});
