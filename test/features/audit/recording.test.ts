import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { dbContext } from '../../../src/orm/index.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { auditOfEach, brief, Line, Thing } from './audit-fixture.js';

const REQUEST = {
  actor: { id: 'ann', type: 'user' as const },
  requestId: 'req-1',
  ipAddress: '192.0.2.7',
  userAgent: 'Browser/1',
  tenantId: 'ambient',
};

for (const redis of REDIS_BACKENDS) {
  for (const sql of SQL_BACKENDS) {
    describe(`the audit log on ${sql.name} and ${redis.name}`, () => {
      const opened = auditOfEach(sql, redis);

      it('records every kind of write as what it changed, with who did it and from where', async () => {
        const { id } = await runWithContext(REQUEST, async () => {
          const thing = await Thing.save({ name: 'a', count: 1, workspaceId: 'w1', dueAt: new Date(0) });
          await Thing.update(thing.id, { count: 2, isOpen: true });
          await Thing.softDelete(thing.id);
          await Thing.restore(thing.id, { comment: 'back' });
          await Thing.delete(thing.id);
          return thing;
        });
        const records = await opened().records();
        expect(brief(records)).toMatchObject([
          { action: 'create', version: 1, changes: { name: [null, 'a'], count: [null, 1], is_open: [null, false] } },
          { action: 'update', version: 2, changes: { count: [1, 2], is_open: [false, true] } },
          { action: 'delete', version: 3, changes: { deleted_at: [null, expect.any(String)] } },
          { action: 'restore', version: 4, changes: { deleted_at: [expect.any(String), null] } },
          { action: 'delete', version: 5, changes: { name: ['a', null], count: [2, null] } },
        ]);
        expect(Object.keys(brief(records)[1]?.changes)).toEqual(['count', 'is_open']);
        expect(brief(records)[0]?.changes.due_at).toEqual([null, '1970-01-01T00:00:00.000Z']);
        for (const record of records) {
          expect(record).toMatchObject({ entity: 'audited_things', entityId: id, status: 'success' });
          expect(record).toMatchObject({ userId: 'ann', actorType: 'user', requestId: 'req-1', ip: '192.0.2.7' });
          expect(record).toMatchObject({ userAgent: 'Browser/1', workspaceId: 'w1' });
        }
        expect(JSON.parse(records[0]?.newSnapshot ?? '')).toMatchObject({ id, name: 'a', count: 1 });
        expect(JSON.parse(records[4]?.oldSnapshot ?? '')).toMatchObject({ id, name: 'a', count: 2 });
        expect(records[3]?.comment).toBe('back');
      });

      it('records every row of a bulk write, and nothing that was rolled back or keeps no history', async () => {
        const rows = Array.from({ length: 5 }, (_, index) => ({ name: `row ${index}` }));
        await Thing.saveMany(rows);
        await Thing.updateMany({ name: { in: ['row 1', 'row 2'] } }, { count: 9 });
        await Thing.deleteMany({ name: 'row 4' });
        await Line.save({ text: 'not audited' });
        await dbContext(async () => {
          await Thing.save({ name: 'undone' });
          throw new Error('undo');
        }).catch(() => {});
        const actions = (await opened().records()).map(({ action }) => action);
        expect(actions).toEqual([...Array(5).fill('create'), 'update', 'update', 'delete']);
      });

      it('shows no secret: not of marked fields, not by name, not inside documents', async () => {
        const { id } = await Thing.save({
          name: 'secret',
          passwordHash: 'CANARY-1',
          marked: 'CANARY-2',
          details: { apiKey: 'CANARY-3', note: 'see https://u:CANARY-4@host/', plain: 1 },
          bytes: Buffer.from('CANARY-5'),
          big: 2n ** 60n,
        });
        await Thing.update(id, { passwordHash: 'CANARY-6' });
        opened().audit.log({ action: 'x.y', metadata: { token: 'CANARY-7', kept: 'yes' } });
        const records = await opened().records();
        expect(JSON.stringify(records)).not.toContain('CANARY');
        expect(brief(records)[1]?.changes).toEqual({ password_hash: ['[redacted]', '[redacted]'] });
        expect(brief(records)[0]?.changes).toMatchObject({
          marked: [null, '[redacted]'],
          details: [null, { apiKey: '[redacted]', plain: 1 }],
          bytes: [null, '[8 bytes]'],
          big: [null, (2n ** 60n).toString()],
        });
        expect(records[2]).toMatchObject({
          action: 'x.y',
          entity: 'app',
          metadata: '{"token":"[redacted]","kept":"yes"}',
        });
      });

      it('stores an event once, however often it comes and whoever stores it', async () => {
        const { id } = await Thing.save({ name: 'once' });
        const event = {
          id: `audited_things:${id}:1`,
          kind: 'change' as const,
          table: 'audited_things',
          rowId: id,
          version: 1,
          action: 'create' as const,
          at: new Date().toISOString(),
        };
        await opened().records();
        const entry = { ...event, id: 'entry', kind: 'entry' as const, action: 'e', status: 'success' as const };
        const origin = { userId: null, actorType: null, requestId: null, workspaceId: null, ip: null, userAgent: null };
        const manual = { ...entry, entity: 'app', entityId: '', origin };
        await Promise.all(Array.from({ length: 8 }, () => opened().store.save([event, manual])));
        const records = await opened().records();
        expect(records.map(({ eventId }) => eventId)).toEqual([event.id, 'entry']);
      });

      it('shows the whole of a version whose version before is no longer kept, and does not call it new', async () => {
        const { id } = await Thing.save({ name: 'a' });
        await Thing.update(id, { count: 2 });
        await opened().hub.flush();
        await opened().db.execute('DELETE FROM [audited_things_history] WHERE [version] = 1');
        const records = await opened().records();
        expect(brief(records)).toMatchObject([
          { action: 'create', version: 1, changes: null },
          { action: 'update', version: 2, changes: {} },
        ]);
        expect(JSON.parse(records[1]?.newSnapshot ?? '')).toMatchObject({ name: 'a', count: 2 });
      });

      it('records a change whatever document hides in it, and entries of any size, shortened', async () => {
        const essay = `${'['.repeat(50_000)}"CANARY"${']'.repeat(50_000)}`; // it need not be a document to look like one
        const { id } = await Thing.save({ name: 'a', essay });
        await Thing.update(id, { details: { long: 'x'.repeat(100_000), password: 'CANARY' } });
        await Thing.update(id, { count: 1 }, { comment: `sent to https://ann:CANARY@host/ ${'y'.repeat(10_000)}` });
        const metadata = { long: 'z'.repeat(100_000), many: Array(10_000).fill('m'), at: new Date(0), big: 2n };
        opened().audit.log({ action: 'large', metadata: { ...metadata, secret: 'CANARY' } });
        const circular: Record<string, unknown> = {};
        circular.self = circular;
        expect(() => opened().audit.log({ action: 'endless', metadata: circular })).toThrow(/metadata/);
        const records = await opened().records();
        expect(records.map(({ action }) => action)).toEqual(['create', 'update', 'update', 'large']);
        for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(40_000);
        expect(JSON.stringify(records)).not.toContain('CANARY');
        expect(JSON.stringify(brief(records)[0]?.changes.essay)).toContain('too deep');
        expect(JSON.parse(records[3]?.metadata ?? '')).toMatchObject({ at: '1970-01-01T00:00:00.000Z', big: '2' });
        expect(await opened().hub.deadLetters('audit_events').count()).toBe(0);
      });

      it('sends no secret on its way to the log either', async () => {
        opened().audit.log({ action: 'x.y', metadata: { token: 'CANARY-8', inner: { url: 'https://u:CANARY-9@h/' } } });
        await opened().hub.flush();
        const waiting = await opened().redis.client.lrange(`${opened().prefix}{admin:audit_events}`, 0, -1);
        expect(waiting).toHaveLength(1);
        expect(waiting.join()).not.toContain('CANARY');
      });
    });
  }
}
