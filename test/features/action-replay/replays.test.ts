import { ActionReplay, getReplay, listReplays, ReplayStore, resolveReplay, saveReplay } from 'app-kernel';
import { connect, type Database } from 'app-kernel/orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

const DAY_MS = 86_400_000;

for (const backend of SQL_BACKENDS) {
  describe(`replays on ${backend.name}`, () => {
    let own: TestDatabase;
    let db: Database;
    let now = Date.parse('2026-01-01T00:00:00Z');
    let store: ReplayStore;

    beforeAll(async () => {
      own = await backend.create();
      db = await connect(own.url, { entities: [ActionReplay], dataDir: own.dataDir });
      await db.migrate();
      store = new ReplayStore({ db, clock: { now: () => now } });
    });
    beforeEach(async () => {
      now = Date.parse('2026-01-01T00:00:00Z');
      await ActionReplay.deleteMany({}, { all: true, db });
    });
    afterAll(async () => {
      await db.close();
      await own.drop();
    });

    it('are kept with what is known of them, and all of it is optional', async () => {
      const id = await saveReplay({
        db,
        errorMessage: 'x is undefined',
        errorSource: 'js_error',
        url: 'https://app.example/orders?token=canary#frag',
        userAgent: 'Firefox',
        replayLog: '[{"seq":1,"type":"click","detail":{"target":"button"}}]',
        userId: 'u1',
        workspaceId: 'w1',
      });
      expect(await getReplay(id, { db })).toMatchObject({
        errorMessage: 'x is undefined',
        errorSource: 'js_error',
        url: 'https://app.example/orders',
        userAgent: 'Firefox',
        replayLog: [{ seq: 1, type: 'click', detail: { target: 'button' } }],
        userId: 'u1',
        workspaceId: 'w1',
        resolved: false,
      });
      const bare = await getReplay(await saveReplay({ db }), { db });
      expect(bare).toMatchObject({ errorMessage: '', userId: null, workspaceId: null, replayLog: [] });
      expect(await getReplay('nothing', { db })).toBeNull();
    });

    it('are cut to their length', async () => {
      const id = await saveReplay({
        db,
        errorMessage: 'm'.repeat(600),
        errorSource: 's'.repeat(60),
        url: `https://x.example/${'u'.repeat(600)}`,
        userAgent: 'a'.repeat(400),
        replayLog: Array.from({ length: 60 }, (_, seq) => ({ seq, text: 't'.repeat(900) })),
      });
      const replay = await getReplay(id, { db });
      const lengths = [replay?.errorMessage, replay?.errorSource, replay?.url, replay?.userAgent].map(
        (text) => text?.length,
      );
      expect(lengths).toEqual([500, 50, 500, 300]);
      expect(replay?.replayLog).toHaveLength(50);
      expect(replay?.replayLog[0]).toMatchObject({ seq: 10, text: 't'.repeat(500) });
    });

    it('are listed newest first, by every filter alike, without their steps', async () => {
      const ids: string[] = [];
      for (const [workspaceId, errorMessage] of [
        ['w1', 'first'],
        ['w1', 'second'],
        ['w2', 'third'],
      ] as const) {
        ids.push(await store.save({ workspaceId, errorMessage, replayLog: [{ seq: 1 }] }));
        now += DAY_MS;
      }
      const messages = async (page: Parameters<ReplayStore['list']>[0]): Promise<string[]> => {
        const found = await store.list(page);
        const { limit, offset, ...filter } = page ?? {};
        if (limit === undefined && offset === undefined) expect(await store.count(filter)).toBe(found.length);
        return found.map(({ errorMessage }) => errorMessage);
      };
      expect(await resolveReplay(ids[0] ?? '', { db })).toBe(true);
      expect(await resolveReplay('nothing', { db })).toBe(false);
      expect(await messages({})).toEqual(['third', 'second', 'first']);
      expect(await messages({ limit: 1, offset: 1 })).toEqual(['second']);
      expect(await messages({ workspaceId: 'w1' })).toEqual(['second', 'first']);
      expect(await messages({ resolved: false })).toEqual(['third', 'second']);
      expect(await messages({ resolved: true })).toEqual(['first']);
      expect(await messages({ since: new Date('2026-01-02T00:00:00Z') })).toEqual(['third', 'second']);
      expect(await messages({ until: new Date('2026-01-02T01:00:00+01:00') })).toEqual(['first']);
      const [newest] = await listReplays({ db, limit: 1 });
      expect(newest).not.toHaveProperty('replayLog');
    });

    it('are grouped by what seems to be one error, and resolved together', async () => {
      const save = (errorMessage: string, userId: string | null, replayLog: Array<Record<string, unknown>> = []) => {
        now += 1_000;
        return store.save({ errorMessage, errorSource: 'js_error', userId, replayLog });
      };
      const thrown = (filename: string) => [{ type: 'error', detail: { filename } }];
      await save('Order 17 not found', 'u1');
      await save('Order 4711 not found', 'u1');
      const last = await save('Order 9 not found', 'u2');
      await save('x is undefined', null, thrown('/assets/index-BxY_3kPq.js'));
      await save('x is undefined', null, thrown('/assets/index-CzZ_9mQr.js'));
      await save('x is undefined', null, thrown('/assets/other-CzZ_9mQr.js'));
      const groups = await store.groups(db);
      expect(groups.map(({ count, users, latest }) => [latest.errorMessage, count, users])).toEqual([
        ['x is undefined', 1, 0],
        ['x is undefined', 2, 0],
        ['Order 9 not found', 3, 2],
      ]);
      expect(groups[2]).toMatchObject({
        firstSeen: new Date('2026-01-01T00:00:01Z'),
        lastSeen: new Date('2026-01-01T00:00:03Z'),
      });
      expect(await store.groups(db, { limit: 1, offset: 2 })).toEqual(groups.slice(2));
      expect(await store.count({ fingerprint: groups[2]?.fingerprint ?? '' })).toBe(3);
      await resolveReplay(last, { db, alike: true });
      expect(await store.count({ resolved: true })).toBe(3);
      expect(await store.groups(db)).toEqual(groups.slice(0, 2));
      expect(await store.groups(db, { resolved: true })).toHaveLength(1);
      await save('Order 18 not found', 'u1'); // it is back
      expect((await store.groups(db))[0]).toMatchObject({ count: 1, fingerprint: groups[2]?.fingerprint });
    });

    it('are removed when they are old', async () => {
      await store.save({ errorMessage: 'old' });
      now += 31 * DAY_MS;
      await store.save({ errorMessage: 'new' });
      expect(await store.cleanupOld(30)).toBe(1);
      expect((await store.list()).map(({ errorMessage }) => errorMessage)).toEqual(['new']);
    });
  });
}
