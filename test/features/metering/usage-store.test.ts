import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UsageEvent, type UsageRecord, UsageStore, UsageSummary } from '../../../src/features/metering/index.js';
import { customUsage } from '../../../src/features/metering/usage-event.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

const tokens = (count: number, changes: Partial<Parameters<typeof customUsage>[0]> = {}): UsageRecord =>
  customUsage({ userId: 'u1', workspaceId: 'w1', metrics: { tokens: count }, ...changes }, 'app');

for (const backend of SQL_BACKENDS) {
  describe(`usage on ${backend.name}`, () => {
    let fresh: TestDatabase;
    let db: Database;
    let store: UsageStore;
    beforeAll(async () => {
      fresh = await backend.create();
      db = await connect(fresh.url, { entities: [UsageEvent, UsageSummary], dataDir: fresh.dataDir });
      await db.migrate();
      store = new UsageStore({ app: 'app', db });
    });
    beforeEach(async () => {
      await UsageEvent.deleteMany({}, { db, all: true });
      await UsageSummary.deleteMany({}, { db, all: true });
    });
    afterAll(async () => {
      await db.close();
      await fresh.drop();
    });

    it('adds up exactly while many workers store at once, and some batches come again', async () => {
      const batches = Array.from({ length: 12 }, (_, batch) =>
        Array.from({ length: 25 }, (_, n) =>
          tokens(batch + 1, { userId: `u${n % 5}`, workspaceId: n % 2 ? 'w1' : null }),
        ),
      );
      await Promise.all([...batches, ...batches.slice(0, 6)].map((batch) => store.save(batch)));
      await Promise.all(batches.slice(3, 9).map((batch) => store.save(batch)));
      const all = 25 * ((12 * 13) / 2);
      for (const period of ['day', 'month', 'year']) expect(await store.getUsage({ period })).toEqual({ tokens: all });
      expect(await store.getUsage({ userId: 'u3' })).toEqual({ tokens: all / 5 });
      expect(await store.getUsage({ workspaceId: 'w1' })).toEqual({ tokens: 12 * ((12 * 13) / 2) });
      expect(await UsageEvent.count({ db })).toBe(300);
    });

    it('counts an event id once: in one batch, in two, and in two at once', async () => {
      await store.save([tokens(5, { eventId: 'call-1' }), tokens(5, { eventId: 'call-1' })]);
      await store.save([tokens(5, { eventId: 'call-1' }), tokens(1)]);
      const again = Array.from({ length: 6 }, () => store.save([tokens(10, { eventId: 'call-2' })]));
      await Promise.all(again);
      expect(await store.getUsage()).toEqual({ tokens: 16 });
    });

    it('knows days, months and years of UTC', async () => {
      const at = (text: string) => ({ timestamp: new Date(text) });
      await store.save([
        tokens(1, at('2025-12-31T23:59:59.999Z')),
        tokens(2, at('2026-01-01T00:00:00.000Z')),
        tokens(4, at('2026-01-02T00:00:00.000Z')),
      ]);
      const used = async (period: string) => (await store.getUsage({ period })).tokens;
      expect(await used('2025-12-31')).toBe(1);
      expect(await used('2025')).toBe(1);
      expect(await used('2026-01-01')).toBe(2);
      expect(await used('2026-01')).toBe(6);
      expect(await used('2026')).toBe(6);
      expect(await used('2026-02')).toBeUndefined();
      await expect(store.getUsage({ period: 'week' })).rejects.toThrow(/week/);
    });

    it('keeps requests apart from what they count', async () => {
      const request = {
        endpoint: '/orders/:id',
        method: 'GET',
        statusCode: 200,
        latencyMs: 12,
        bytesIn: 3,
        bytesOut: 400,
      };
      const metrics = { requests: 1, bytes_out: 400, 'endpoint:GET:/orders/:id': 1 };
      const record = (id: string): UsageRecord => ({ ...tokens(1), id, type: 'request', metrics, request });
      await store.save([record('a'), record('b'), record('c')]);
      expect(await store.getUsage()).toEqual({ requests: 3, bytes_out: 1_200 });
      expect(await store.getUsageByEndpoint()).toEqual({ 'GET /orders/:id': 3 });
      expect(await UsageEvent.findOne({ where: { eventId: 'a' }, db })).toMatchObject({
        eventType: 'request',
        endpoint: '/orders/:id',
        bytesOut: 400n,
        period: new Date().toISOString().slice(0, 7),
      });
    });

    it('keeps applications apart', async () => {
      await store.save([tokens(7)]);
      expect(await new UsageStore({ app: 'other', db }).getUsage()).toEqual({});
    });

    it('never gives more of a quota than there is, however many ask at once', async () => {
      await store.save([tokens(40, { userId: 'u9' })]);
      const quota = { workspaceId: 'w1', metric: 'tokens', limit: 100 };
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, n) => store.consumeQuota({ ...quota, userId: `u${n}`, amount: 7 })),
      );
      expect(answers.filter(Boolean)).toHaveLength(8); // 40 + 8 × 7 = 96
      expect(await store.usedOf(quota)).toBe(96);
      expect(await store.consumeQuota({ ...quota, amount: 5 })).toBe(false);
      expect(await store.consumeQuota({ ...quota, amount: 4 })).toBe(true);
      expect(await store.consumeQuota(quota)).toBe(false);
      expect(await store.usedOf({ ...quota, period: 'year' })).toBe(100);
    });

    it('counts what its owner used in no workspace for a personal one', async () => {
      const personal = { workspaceId: 'p1', ownerId: 'u1' };
      await store.save([
        tokens(1, { workspaceId: null }),
        tokens(2, { workspaceId: 'p1' }),
        tokens(4, { workspaceId: 'p1', userId: 'guest' }),
        tokens(8, { workspaceId: null, userId: 'guest' }),
        tokens(16),
      ]);
      expect(await store.getUsage(personal)).toEqual({ tokens: 7 });
      expect(await store.getUsage({ ...personal, userId: 'u1' })).toEqual({ tokens: 3 });
      expect(await store.getUsage({ ...personal, userId: 'guest' })).toEqual({ tokens: 4 });
      expect(await store.getUsage({ workspaceId: 'p1' })).toEqual({ tokens: 6 });
      const quota = { ...personal, userId: 'u1', metric: 'tokens', limit: 10 };
      expect(await store.usedOf(quota)).toBe(7);
      const answers = await Promise.all(Array.from({ length: 8 }, () => store.consumeQuota(quota)));
      expect(answers.filter(Boolean)).toHaveLength(3);
      expect(await store.getUsage({ workspaceId: 'p1', userId: 'u1' })).toEqual({ tokens: 5 });
    });

    it('consumes once for one event id, and of a user across workspaces', async () => {
      const quota = { userId: 'u1', metric: 'calls', limit: 3, period: 'day' as const };
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => store.consumeQuota({ ...quota, eventId: 'e1' })),
      );
      expect(answers).toEqual([true, true, true, true, true]);
      expect(await store.usedOf(quota)).toBe(1);
      await store.save([customUsage({ userId: 'u1', workspaceId: 'w2', metrics: { calls: 2 } }, 'app')]);
      expect(await store.consumeQuota(quota)).toBe(false);
      expect(await store.getUsage({ userId: '' })).toEqual({});
      await expect(store.consumeQuota({ metric: 'calls', limit: 1 })).rejects.toThrow(/workspaceId or a userId/);
    });
  });
}

describe('what is no usage', () => {
  it.each([
    [{ metrics: {} }, /metrics/],
    [{ metrics: { tokens: 1.5 } }, /smaller unit/],
    [{ metrics: { tokens: -1 } }, /0 or more/],
    [{ metrics: { "x'; DROP": 1 } }, /no name/],
    [{ metrics: { x: 1 }, eventId: '' }, /eventId|characters/],
    [{ metrics: { x: 1 }, timestamp: new Date(Number.NaN) }, /Date/],
  ])('%j is refused', (usage, reason) => {
    expect(() => customUsage(usage, 'app')).toThrow(reason);
  });
});
