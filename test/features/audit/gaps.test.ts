import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runWithContext, withActor } from '../../../src/base/context.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { auditOfEach, Other, Thing } from './audit-fixture.js';

const MINUTE_MS = 60_000;
const PROCESS = fileURLToPath(new URL('committing-process.mjs', import.meta.url));

for (const redis of REDIS_BACKENDS) {
  for (const sql of SQL_BACKENDS) {
    describe(`gaps of the audit log (${sql.name}, ${redis.name})`, () => {
      const opened = auditOfEach(sql, redis);
      const { now } = Date;
      /** Any time after the last write by as much as events may need. */
      const later = () => now() + 20 * MINUTE_MS;

      it('fills the gaps that killed processes leave, each once', async () => {
        await opened()
          .reconciler(() => now() - 10 * MINUTE_MS)
          .runOnce();
        await withActor({ id: 'bob' }, () => Thing.save({ name: 'told' }));
        opened().stopWatching();
        const { id } = await withActor({ id: 'eve' }, () => Thing.save({ name: 'not told' }));
        await Thing.update(id, { count: 3 });
        expect(await opened().records()).toHaveLength(1);
        const reconciler = opened().reconciler(later);
        expect(await reconciler.runOnce()).toBe(2);
        const records = await opened().records();
        expect(
          records
            .map(({ eventId, action }) => [eventId, action])
            .slice(1)
            .sort(),
        ).toEqual([
          [`audited_things:${id}:1`, 'create'],
          [`audited_things:${id}:2`, 'update'],
        ]);
        expect(records.find(({ eventId }) => eventId.endsWith(`${id}:1`))).toMatchObject({
          userId: 'eve',
          requestId: null,
        });
        expect(await reconciler.runOnce()).toBe(0);
        expect(await opened().records()).toHaveLength(3);
      });

      const isShared = redis.url !== undefined && sql.name !== 'sqlite-memory';
      if (isShared)
        it('fills the gap of a process that is killed between its commit and its push', async () => {
          const { urls, prefix, db } = opened();
          await opened()
            .reconciler(() => now() - 10 * MINUTE_MS)
            .runOnce();
          const args = [PROCESS, JSON.stringify({ ...urls, prefix })];
          const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
          expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
          expect(await Other.count({ db })).toBe(2);
          const recorded = async () =>
            (await opened().records()).map(({ newSnapshot }) => JSON.parse(newSnapshot ?? '').text);
          expect(await recorded()).toEqual(['told']);
          expect(await opened().reconciler(later).runOnce()).toBe(1);
          expect(await recorded()).toEqual(['told', 'not told']);
        });

      it('leaves to the events on their way what may still be among them', async () => {
        await opened()
          .reconciler(() => now() - 10 * MINUTE_MS)
          .runOnce();
        await runWithContext({ requestId: 'req-1' }, () => Thing.save({ name: 'on its way' }));
        await opened().hub.flush();
        expect(await opened().reconciler(later).runOnce()).toBe(0);
        expect(await opened().records()).toMatchObject([{ requestId: 'req-1' }]);
      });

      it('compares again what it could not publish, and other tables where one cannot be compared', async () => {
        await opened()
          .reconciler(() => now() - 10 * MINUTE_MS)
          .runOnce();
        opened().stopWatching();
        await Thing.save({ name: 'not told' });
        await Other.save({ text: 'not told either' });
        const full = { push: () => false, flush: async () => {}, buffered: 0 };
        expect(await opened().reconciler(later, full).runOnce()).toBe(2);
        const away = { push: () => true, flush: async () => {}, buffered: 2 };
        expect(
          await opened()
            .reconciler(() => later() + 60 * MINUTE_MS, away)
            .runOnce(),
        ).toBe(2);
        await opened().db.execute('DROP TABLE [audited_things_history]');
        expect(
          await opened()
            .reconciler(() => later() + 120 * MINUTE_MS)
            .runOnce(),
        ).toBe(1);
        expect((await opened().records()).map(({ entity }) => entity)).toEqual(['audited_others']);
        expect(
          await opened()
            .reconciler(() => later() + 180 * MINUTE_MS)
            .runOnce(),
        ).toBe(0);
      });
    });
  }
}
