import { ApiKeyStore } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { KernelApiKey } from '../../../src/features/api-keys/index.js';
import { KernelWorkspace } from '../../../src/features/saas/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

for (const backend of SQL_BACKENDS) {
  describe(`API keys on ${backend.name}`, () => {
    let database: TestDatabase;
    let db: Database;
    let keys: ApiKeyStore;
    const clock = new FakeClock(Date.now());

    beforeAll(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: [KernelWorkspace, KernelApiKey], dataDir: database.dataDir });
      await db.migrate();
      keys = new ApiKeyStore({ db, clock });
    });

    afterAll(async () => {
      await db.close();
      await database.drop();
    });

    it('are good until they expire', async () => {
      const { key, id } = await keys.create('ada', null, { name: 'short', scopes: ['a:b', 'a:b'], expiresInDays: 1 });
      expect(await keys.verify(key)).toMatchObject({ id, userId: 'ada', scopes: ['a:b'] });
      expect(await keys.verify(`${key}x`)).toBeNull();
      expect(await keys.verify(`sk_live_${'A'.repeat(43)}`)).toBeNull();
      clock.advance(86_400_000);
      expect(await keys.verify(key)).toBeNull();
    });

    it('note their use to the minute, without a version', async () => {
      const { key, id } = await keys.create('ada', null, { name: 'used' });
      await keys.verify(key);
      const first = (await keys.get(id))?.lastUsedAt;
      expect(Number(first)).toBe(clock.now());
      clock.advance(59_000);
      await keys.verify(key);
      expect((await keys.get(id))?.lastUsedAt).toEqual(first);
      clock.advance(1_000);
      await keys.verify(key);
      expect(await keys.get(id)).toMatchObject({ lastUsedAt: new Date(clock.now()), version: 1 });
    });

    it('have no secret in the database, and none in their history', async () => {
      const { key, id } = await keys.create('ada', null, { name: 'dumped' });
      const rotated = await keys.rotate(id);
      const dump = JSON.stringify([
        await db.query('SELECT * FROM kernel_api_keys'),
        await db.query('SELECT * FROM kernel_api_keys_history'),
      ]);
      for (const secret of [key, rotated?.key ?? '']) {
        expect(secret).toMatch(/^sk_live_/);
        expect(dump).not.toContain(secret);
        expect(dump).not.toContain(secret.slice(16));
      }
      expect(JSON.stringify(await keys.get(id))).not.toContain('hash');
    });

    it('are revoked once, one by one or all of a user', async () => {
      const [one, other] = [
        await keys.create('bob', null, { name: 'one' }),
        await keys.create('bob', null, { name: 'other' }),
      ];
      expect(await keys.countLive('bob')).toBe(2);
      expect([await keys.revoke(one.id), await keys.revoke(one.id), await keys.rotate(one.id)]).toEqual([
        true,
        false,
        null,
      ]);
      expect(await keys.revokeAll('bob')).toBe(1);
      expect([await keys.verify(one.key), await keys.verify(other.key)]).toEqual([null, null]);
      expect(await keys.listForUser('bob')).toEqual([]);
      expect(await keys.listForUser('bob', { includeRevoked: true })).toHaveLength(2);
    });
  });
}
