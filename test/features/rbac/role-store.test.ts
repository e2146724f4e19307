import { Role, RoleAssignment, RoleStore } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

for (const backend of SQL_BACKENDS) {
  describe(`roles on ${backend.name}`, () => {
    let database: TestDatabase;
    let db: Database;
    let roles: RoleStore;
    const clock = new FakeClock(Date.now());
    const may = (user: string, permission: string, type?: string, id?: string) =>
      roles.hasPermission(user, permission, type && id ? { resourceType: type, resourceId: id } : {});

    beforeAll(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: [Role, RoleAssignment], dataDir: database.dataDir });
      await db.migrate();
      roles = new RoleStore({ db, clock });
      await roles.define({ name: 'editor', permissions: ['docs:*', 'media:read'] });
      await roles.define({ name: 'root', permissions: ['*'] });
    });

    afterAll(async () => {
      await db.close();
      await database.drop();
    });

    it('give permissions by name, by resource and altogether', async () => {
      await roles.assign('ada', 'editor');
      await roles.assign('grace', 'root');
      const asked = ['docs:edit', 'media:read', 'media:write', 'docsx:edit'];
      expect(await Promise.all(asked.map((permission) => may('ada', permission)))).toEqual([true, true, false, false]);
      expect(await may('grace', 'anything:at-all')).toBe(true);
      expect(await may('nobody', 'docs:edit')).toBe(false);
    });

    it('may be held for one resource', async () => {
      await roles.assign('bob', 'editor', { resourceType: 'project', resourceId: 'p1' });
      expect(await may('bob', 'docs:edit', 'project', 'p1')).toBe(true);
      expect(await may('bob', 'docs:edit', 'project', 'p2')).toBe(false);
      expect(await may('bob', 'docs:edit', 'team', 'p1')).toBe(false);
      expect(await may('bob', 'docs:edit')).toBe(false);
      expect(await may('ada', 'docs:edit', 'project', 'p9')).toBe(true);
      expect(await roles.revoke('bob', 'editor')).toBe(false);
      expect(await roles.revoke('bob', 'editor', { resourceType: 'project', resourceId: 'p1' })).toBe(true);
      expect(await may('bob', 'docs:edit', 'project', 'p1')).toBe(false);
      await expect(roles.assign('bob', 'editor', { resourceType: 'project' })).rejects.toThrow(/or neither/);
    });

    it('end when they expire, also while an answer is remembered', async () => {
      await roles.assign('cyd', 'editor', { expiresAt: new Date(clock.now() + 500) });
      expect(await may('cyd', 'docs:edit')).toBe(true);
      clock.advance(500);
      expect(await may('cyd', 'docs:edit')).toBe(false);
    });

    it('are held once, however often they are given', async () => {
      await Promise.all([1, 2, 3, 4].map(() => roles.assign('dan', 'editor', { grantedBy: 'ada' })));
      expect(await roles.listAssignments('dan')).toMatchObject([{ grantedBy: 'ada', expiresAt: null }]);
    });

    it('change for who has them: here at once, elsewhere within a second', async () => {
      const elsewhere = new RoleStore({ db, clock });
      await roles.assign('eve', 'editor');
      expect(await elsewhere.hasPermission('eve', 'docs:edit')).toBe(true);
      await roles.revoke('eve', 'editor');
      expect(await may('eve', 'docs:edit')).toBe(false);
      clock.advance(999);
      expect(await elsewhere.hasPermission('eve', 'docs:edit')).toBe(false);
      await roles.assign('eve', 'editor');
      await roles.define({ name: 'editor', permissions: ['media:read'] });
      expect(await may('eve', 'docs:edit')).toBe(false);
      await roles.define({ name: 'editor', permissions: ['docs:*'] });
    });

    it('are read once for many questions at the same moment', async () => {
      clock.advance(1000);
      let reads = 0;
      const stop = db.on('query', () => {
        reads += 1;
      });
      await Promise.all(Array.from({ length: 20 }, () => may('ada', 'docs:edit')));
      stop();
      expect(reads).toBeLessThanOrEqual(2);
    });

    it('are gone from everybody when they are deleted', async () => {
      const { id } = await roles.define({ name: 'doomed', permissions: ['x:y'] });
      await roles.assign('fay', 'doomed');
      expect(await may('fay', 'x:y')).toBe(true);
      expect([await roles.delete(id), await roles.delete(id)]).toEqual([true, false]);
      expect(await may('fay', 'x:y')).toBe(false);
      expect(await roles.listAssignments('fay')).toEqual([]);
      await expect(roles.assign('fay', 'doomed')).rejects.toThrow("Role 'doomed' not found");
    });

    it('refuse what is no permission', async () => {
      await expect(roles.define({ name: 'odd', permissions: ['a b'] })).rejects.toThrow(/resource:action/);
    });
  });
}
