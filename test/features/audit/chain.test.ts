import { describe, expect, it } from 'vitest';
import { trimChain, verifyChain } from '../../../src/features/audit/index.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { auditOfEach, Thing } from './audit-fixture.js';

for (const redis of REDIS_BACKENDS) {
  for (const sql of SQL_BACKENDS) {
    describe(`the chain of the audit log (${sql.name}, ${redis.name})`, () => {
      const opened = auditOfEach(sql, redis);

      it('keeps a chain that shows what was edited, removed or put in', async () => {
        const { db } = opened();
        for (let index = 0; index < 6; index++) await Thing.save({ name: `chained ${index}` });
        await opened().records();
        expect(await verifyChain({ db })).toMatchObject({ records: 6, faults: [], end: { seq: 6 } });
        await db.execute('UPDATE [kernel_audit_logs] SET [user_id] = ? WHERE [seq] = 2', ['mallory']);
        await db.execute('DELETE FROM [kernel_audit_logs] WHERE [seq] = 4');
        await db.execute('UPDATE [kernel_audit_logs] SET [seq] = 99 WHERE [seq] = 6');
        expect((await verifyChain({ db })).faults).toEqual([
          { seq: 2, fault: 'edited' },
          { seq: 4, fault: 'missing' },
          { seq: 6, fault: 'missing' },
          { seq: 99, fault: 'unexpected' },
        ]);
      });

      it('keeps a chain that shows what was taken out of sight', async () => {
        const { db } = opened();
        for (let index = 0; index < 3; index++) await Thing.save({ name: `hidden ${index}` });
        await opened().records();
        await db.execute('UPDATE [kernel_audit_logs] SET [deleted_at] = ? WHERE [seq] = 2', [new Date()]);
        expect((await verifyChain({ db })).faults).toEqual([{ seq: 2, fault: 'edited' }]);
      });

      it('forgets what is old from the begin of its chain on, which stays whole', async () => {
        const { db } = opened();
        for (let index = 0; index < 4; index++) await Thing.save({ name: `old ${index}` });
        await opened().records();
        await new Promise((resolve) => setTimeout(resolve, 5));
        const before = new Date();
        await Thing.save({ name: 'new' });
        await opened().records();
        expect(await trimChain(db, before)).toBe(4);
        expect(await trimChain(db, before)).toBe(0);
        expect(await verifyChain({ db })).toMatchObject({ records: 1, faults: [], end: { seq: 5 } });
        await db.execute('DELETE FROM [kernel_audit_logs]');
        expect((await verifyChain({ db })).faults).toEqual([{ seq: 5, fault: 'missing' }]);
      });
    });
  }
}
