import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { KernelAuthToken } from '../../../src/features/auth/index.js';
import { TokenStore } from '../../../src/features/auth/recovery/token-store.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

for (const backend of SQL_BACKENDS) {
  describe(`mailed tokens on ${backend.name}`, () => {
    let database: TestDatabase;
    let db: Database;
    let tokens: TokenStore;
    const clock = new FakeClock(Date.now());
    const ada = { userId: 'ada', email: 'ada@example.com' };

    beforeAll(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: [KernelAuthToken], dataDir: database.dataDir });
      await db.migrate();
      tokens = new TokenStore({ db, clock });
    });

    afterAll(async () => {
      await db.close();
      await database.drop();
    });

    it('are taken once, however many try at the same moment', async () => {
      const token = await tokens.issue('reset_password', ada, 1000);
      const taken = await Promise.all([1, 2, 3, 4].map(() => tokens.take('reset_password', token)));
      expect(taken.filter(Boolean)).toEqual([ada]);
    });

    it('are good for their purpose, until they expire', async () => {
      const token = await tokens.issue('verify_email', ada, 1000);
      expect(await tokens.take('reset_password', token)).toBeNull();
      clock.advance(1000);
      expect(await tokens.take('verify_email', token)).toBeNull();
    });

    it('give way to newer ones of the same purpose alone', async () => {
      const [old, other] = [
        await tokens.issue('verify_email', ada, 1000),
        await tokens.issue('reset_password', ada, 1000),
      ];
      const token = await tokens.issue('verify_email', ada, 1000);
      expect(await tokens.take('verify_email', old)).toBeNull();
      expect(await tokens.take('verify_email', token)).toEqual(ada);
      expect(await tokens.take('reset_password', other)).toEqual(ada);
    });
  });
}
