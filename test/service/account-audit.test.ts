import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelAuditLog, verifyChain } from '../../src/features/audit/index.js';
import { KernelWorkspaceMember } from '../../src/features/saas/index.js';
import { openPeople, type People, type Person } from '../setup/people.js';
import { nothingWaits } from '../setup/recorded.js';
import { SQL_BACKENDS } from '../setup/servers.js';
import type { TestDatabase } from '../setup/sql-backends.js';

for (const sql of SQL_BACKENDS) {
  describe(`what is recorded of accounts and rights (${sql.name})`, { timeout: 60_000 }, () => {
    let database: TestDatabase;
    let world: People;
    let ann: Person;
    let root: Person;

    beforeEach(async () => {
      database = await sql.create();
      world = await openPeople({ databaseUrl: database.url });
      root = await world.join('root');
      ann = await world.join('ann');
    });
    afterEach(async () => {
      await world.close();
      await database.drop();
    });

    const recorded = async (action: string): Promise<KernelAuditLog[]> => {
      await nothingWaits(world.service.kernel.services);
      const { database: db } = world.service.kernel;
      expect((await verifyChain({ db })).faults).toEqual([]);
      return KernelAuditLog.find({ where: { action }, orderBy: { seq: 'asc' }, db });
    };
    const rolesOf = async (): Promise<unknown[]> =>
      (await recorded('auth.role_changed')).map(({ entity, entityId, changes, workspaceId, userId, requestId }) => [
        `${entity} ${entityId}`,
        JSON.parse(changes ?? '').role,
        { workspaceId, by: userId, inRequest: requestId !== null },
      ]);

    it('has every sign-in, every refused one, and every reset of a password', async () => {
      const { email } = ann;
      await world.send('POST', '/auth/login', { username: email, password: 'wrong, and a canary' });
      await world.send('POST', '/auth/login', { username: 'nobody@example.com', password: 'wrong, and a canary' });
      await world.send('POST', '/auth/forgot-password', { email });
      const reset = () => world.mails().findLast(({ subject }) => subject === 'Set a new password');
      await expect.poll(reset).toBeDefined();
      const token = /Your code: (\S+)/.exec(reset()?.text ?? '')?.[1] ?? '';
      const password = 'nine loud herons';
      expect((await world.send('POST', '/auth/reset-password', { token, password })).status).toBe(200);
      expect((await recorded('auth.register')).map(({ entityId }) => entityId)).toEqual([root.id, ann.id]);
      expect((await recorded('auth.login')).map(({ entityId }) => entityId)).toEqual([root.id, ann.id]);
      expect(await recorded('auth.login_failed')).toMatchObject([
        { entityId: ann.id, status: 'failure', ip: '127.0.0.1' },
        { entityId: '', status: 'failure', metadata: expect.stringContaining('nobody@example.com') },
      ]);
      expect(await recorded('auth.password_reset_requested')).toMatchObject([{ entityId: ann.id }]);
      expect(await recorded('auth.password_reset')).toMatchObject([
        { entityId: ann.id, requestId: expect.any(String) },
      ]);
      const everything = JSON.stringify(await KernelAuditLog.find({ db: world.service.kernel.database }));
      for (const secret of ['canary', password, token]) expect(everything).not.toContain(secret);
    });

    it('has every change of somebody’s role, by whatever way it came', async () => {
      const { kernel } = world.service;
      const { database: db } = kernel;
      await kernel.userStore.setRole?.(ann.id, 'admin');
      const { id: workspaceId } = await kernel.saas.workspaces.create({ name: 'Ours', ownerId: ann.id });
      const { id: memberId } = await kernel.saas.members.add(workspaceId, root.id, 'member');
      const path = `/workspaces/${workspaceId}/members/${root.id}`;
      expect((await ann.send('PATCH', path, { role: 'admin' })).status).toBe(200);
      await KernelWorkspaceMember.updateMany({ id: memberId }, { role: 'member' }, { db });
      expect((await ann.send('DELETE', path)).status).toBeLessThan(300);
      const [, , ...changes] = await rolesOf(); // the owners of two personal workspaces
      const quietly = { by: null, inRequest: false };
      const byAnn = { by: ann.id, inRequest: true };
      expect(changes).toEqual([
        [`account ${ann.id}`, ['user', 'admin'], { workspaceId: null, ...quietly }],
        [`account ${ann.id}`, [null, 'owner'], { workspaceId, ...quietly }],
        [`account ${root.id}`, [null, 'member'], { workspaceId, ...quietly }],
        [`account ${root.id}`, ['member', 'admin'], { workspaceId, ...byAnn }],
        [`account ${root.id}`, ['admin', 'member'], { workspaceId, ...quietly }],
        [`account ${root.id}`, ['member', null], { workspaceId, ...byAnn }],
      ]);
      await kernel.userStore.setActive?.(root.id, false);
      await kernel.userStore.setActive?.(root.id, true);
      expect(await recorded('auth.account_disabled')).toMatchObject([{ entityId: root.id }]);
      expect(await recorded('auth.account_enabled')).toMatchObject([{ entityId: root.id }]);
      await kernel.roles.define({ name: 'packer', permissions: ['parcels:*'] });
      await kernel.roles.assign(ann.id, 'packer', { resourceType: 'depot', resourceId: '7' });
      await kernel.roles.revoke(ann.id, 'packer', { resourceType: 'depot', resourceId: '7' });
      const metadata = expect.stringMatching(/"role_id":"[^"]+","resource_type":"depot","resource_id":"7"/);
      expect(await recorded('auth.role_assigned')).toMatchObject([{ entityId: ann.id, metadata }]);
      expect(await recorded('auth.role_revoked')).toMatchObject([{ entityId: ann.id, metadata }]);
    });

    it('has a key’s making, its use, its new secret and its end', async () => {
      const { body } = await ann.send('POST', '/api-keys', { name: 'robot' });
      await world.send('GET', '/auth/me', undefined, body.key);
      const rotated = await ann.send('POST', `/api-keys/${body.id}/rotate`);
      expect((await ann.send('DELETE', `/api-keys/${body.id}`)).status).toBeLessThan(300);
      for (const action of ['api_key.created', 'api_key.used', 'api_key.rotated', 'api_key.revoked'])
        expect(await recorded(action), action).toMatchObject([
          { entity: 'kernel_api_keys', entityId: body.id, userId: ann.id, entityVersion: null },
        ]);
      const everything = JSON.stringify(await KernelAuditLog.find({ db: world.service.kernel.database }));
      for (const secret of [body.key, rotated.body.key]) expect(everything).not.toContain(secret);
    });
  });
}
