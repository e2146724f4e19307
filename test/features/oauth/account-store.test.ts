import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelOAuthAccount, OAuthAccountStore } from '../../../src/features/oauth/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

const profile = (id: string) => ({ id, email: 'ada@example.com', isEmailVerified: true, name: null, picture: null });

for (const backend of SQL_BACKENDS) {
  describe(`accounts at providers on ${backend.name}`, () => {
    let database: TestDatabase;
    let db: Database;
    let accounts: OAuthAccountStore;

    beforeAll(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: [KernelOAuthAccount], dataDir: database.dataDir });
      await db.migrate();
      accounts = new OAuthAccountStore({ db });
    });

    afterAll(async () => {
      await db.close();
      await database.drop();
    });

    it('belong to one user, who has one at each provider', async () => {
      const linked = await Promise.all(
        ['ann', 'bob', 'cyd'].map((user) => accounts.link(user, 'google', profile('g1'))),
      );
      expect(linked.filter(Boolean)).toHaveLength(1);
      const owner = (await accounts.find('google', 'g1'))?.userId ?? '';
      expect(await accounts.link(owner, 'google', profile('g1'))).toBe(true);
      expect(await accounts.link(owner, 'google', profile('g2'))).toBe(false);
      expect(await accounts.link(owner, 'github', profile('g1'))).toBe(true);
      expect(await accounts.find('google', 'G1')).toBeNull();
      await accounts.unlinkAll(owner);
      expect(await accounts.listForUser(owner)).toEqual([]);
    });

    it('keep one way in when all are removed at once', async () => {
      for (let round = 0; round < 5; round++) {
        const user = `racer-${round}`;
        await accounts.link(user, 'google', profile(`a${round}`));
        await accounts.link(user, 'github', profile(`b${round}`));
        const removed = await Promise.all(['google', 'github'].map((name) => accounts.unlink(user, name, false)));
        expect(removed.sort()).toEqual(['last way in', 'unlinked']);
        const [left] = await accounts.listForUser(user);
        expect(await accounts.unlink(user, left?.provider ?? '', true)).toBe('unlinked');
        expect(await accounts.unlink(user, 'google', true)).toBe('not linked');
      }
    });
  });
}
