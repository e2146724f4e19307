import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureState, readState, writeState } from '../../../src/features/audit/chain/audit-state.js';
import { claimLog, KernelAuditLog, KernelAuditState } from '../../../src/features/audit/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

for (const backend of SQL_BACKENDS) {
  describe(`a log of audit records on ${backend.name}`, () => {
    let fresh: TestDatabase;
    let db: Database;

    beforeEach(async () => {
      fresh = await backend.create();
      db = await connect(fresh.url, { entities: [KernelAuditLog, KernelAuditState], dataDir: fresh.dataDir });
      await db.migrate();
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await db.close();
      await fresh.drop();
    });

    it('is of one service and its instances, however many come at once', async () => {
      const names = Array.from({ length: 12 }, (_, n) => (n % 2 ? 'orders' : 'invoices'));
      const claims = await Promise.allSettled(names.map((name) => claimLog(db, name)));
      const taken = new Set(names.filter((_, n) => claims[n]?.status === 'fulfilled'));
      expect(taken.size).toBe(1);
      const [owner] = taken;
      expect(claims.filter(({ status }) => status === 'rejected')).toHaveLength(6);
      const other = owner === 'orders' ? 'invoices' : 'orders';
      await expect(claimLog(db, other)).rejects.toMatchObject({
        code: 'E_CONFIG',
        faults: [
          {
            field: 'adminDbUrl',
            fault: expect.stringContaining(`the service "${owner}"`),
            mend: expect.stringMatching(/one of its own.*DELETE FROM kernel_audit_state WHERE id = 'owner'/),
          },
        ],
      });
      await expect(claimLog(db, null)).rejects.toThrow(/databaseUrl/);
      await db.execute("DELETE FROM kernel_audit_state WHERE id = 'owner'");
      await claimLog(db, other);
      await expect(claimLog(db, owner ?? '')).rejects.toThrow(/adminDbUrl/);
    });

    it('beside rows is of all services that share these, and of no other', async () => {
      await claimLog(db, null);
      await claimLog(db, null);
      await expect(claimLog(db, 'orders')).rejects.toThrow(/adminDbUrl: names a database that keeps the records of/);
    });

    it('keeps what another instance has written of it when it is made a second time', async () => {
      const on = { db };
      await writeState('chain-end', '7 abc', on);
      vi.spyOn(KernelAuditState, 'get').mockResolvedValueOnce(null); // as it was before the other one
      await ensureState('chain-end', on);
      expect(await readState('chain-end', on)).toBe('7 abc');
    });
  });
}
