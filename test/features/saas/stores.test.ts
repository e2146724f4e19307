import { InviteStore, MemberStore, ProjectStore, WorkspaceStore } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import {
  KernelProject,
  KernelWorkspace,
  KernelWorkspaceInvite,
  KernelWorkspaceMember,
} from '../../../src/features/saas/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

const ENTITIES = [KernelWorkspace, KernelWorkspaceMember, KernelWorkspaceInvite, KernelProject];

for (const backend of SQL_BACKENDS) {
  describe(`workspaces on ${backend.name}`, () => {
    let database: TestDatabase;
    let db: Database;
    let workspaces: WorkspaceStore;
    let members: MemberStore;
    let projects: ProjectStore;
    let invites: InviteStore;
    const clock = new FakeClock(Date.now());
    let people = 0;
    const somebody = () => `user-${++people}`;

    beforeAll(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: ENTITIES, dataDir: database.dataDir });
      await db.migrate();
      workspaces = new WorkspaceStore({ db });
      members = new MemberStore({ db });
      projects = new ProjectStore({ db });
      invites = new InviteStore({ db, clock });
    });

    afterAll(async () => {
      await db.close();
      await database.drop();
    });

    it('begin with their owner as a member', async () => {
      const ownerId = somebody();
      const workspace = await workspaces.create({ name: 'Ada & Co.', ownerId, settings: { theme: 'dark' } });
      expect(workspace).toMatchObject({ ownerId, isPersonal: false, settingsJson: { theme: 'dark' } });
      expect(workspace.slug).toMatch(/^ada-co-[0-9a-f]{6}$/);
      expect(await members.isOwner(workspace.id, ownerId)).toBe(true);
      expect(await workspaces.getBySlug(workspace.slug)).toMatchObject({ id: workspace.id });
      expect(await workspaces.listForUser(ownerId)).toMatchObject([{ id: workspace.id, role: 'owner' }]);
    });

    it('have a slug that nobody else has', async () => {
      const slug = `taken-${somebody()}`;
      await workspaces.create({ name: 'One', ownerId: somebody(), slug });
      const other = await workspaces.create({ name: 'Two', ownerId: somebody() });
      const message = `Workspace with slug '${slug}' already exists`;
      await expect(workspaces.create({ name: 'Two', ownerId: somebody(), slug })).rejects.toThrow(message);
      await expect(workspaces.update(other.id, { slug })).rejects.toThrow(message);
      await expect(workspaces.create({ name: 'Two', ownerId: somebody(), slug: '###' })).rejects.toThrow(/letters/);
      expect(await workspaces.update('nothing', { name: 'x' })).toBeNull();
    });

    it('are personal for one user once, however many ask at the same moment', async () => {
      const id = somebody();
      const asked = await Promise.all(
        Array.from({ length: 8 }, () => workspaces.ensurePersonal({ id, email: 'ada@example.com' })),
      );
      expect(new Set(asked.map((workspace) => workspace.id)).size).toBe(1);
      expect(asked[0]).toMatchObject({ name: "ada's Workspace", isPersonal: true });
      expect(await members.listForWorkspace(asked[0]?.id ?? '')).toHaveLength(1);
    });

    it('know roles as a ladder', async () => {
      const [owner, admin, member] = [somebody(), somebody(), somebody()];
      const { id } = await workspaces.create({ name: 'Ladder', ownerId: owner });
      await members.add(id, admin, 'admin', owner);
      await members.add(id, member, 'member', admin);
      const ranks = async (user: string) => [
        await members.isMember(id, user),
        await members.isAdmin(id, user),
        await members.isOwner(id, user),
      ];
      expect(await ranks(owner)).toEqual([true, true, true]);
      expect(await ranks(admin)).toEqual([true, true, false]);
      expect(await ranks(member)).toEqual([true, false, false]);
      expect(await ranks(somebody())).toEqual([false, false, false]);
      expect(await members.add(id, admin, 'owner')).toMatchObject({ role: 'admin', invitedBy: owner });
      expect(await members.updateRole(id, somebody(), 'admin')).toBeNull();
      expect(await members.remove(id, somebody())).toBe(false);
      expect(await members.remove(id, member)).toBe(true);
      expect(await members.get(id, member)).toBeNull();
    });

    it('keep an owner when all of them leave at once', async () => {
      for (let round = 0; round < 5; round++) {
        const [first, second] = [somebody(), somebody()];
        const { id } = await workspaces.create({ name: 'Race', ownerId: first });
        await members.add(id, second);
        await members.updateRole(id, second, 'owner');
        const outcomes = await Promise.allSettled([
          members.remove(id, first),
          members.updateRole(id, second, 'member'),
        ]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const owners = (await members.listForWorkspace(id)).filter(({ role }) => role === 'owner');
        expect(owners).toHaveLength(1);
        expect((await workspaces.get(id))?.ownerId).toBe(owners[0]?.userId);
      }
    });

    it('are handed over to a member, and to nobody else', async () => {
      const [owner, heir] = [somebody(), somebody()];
      const { id } = await workspaces.create({ name: 'Handed', ownerId: owner });
      expect(await members.transfer(id, owner, heir)).toBeNull();
      await members.add(id, heir);
      expect(await members.transfer(id, heir, owner)).toBeNull();
      expect(await members.transfer(id, owner, heir)).toMatchObject({ ownerId: heir });
      expect(await members.get(id, owner)).toMatchObject({ role: 'admin' });
      const personal = await workspaces.ensurePersonal({ id: owner });
      await members.add(personal.id, heir);
      await expect(members.transfer(personal.id, owner, heir)).rejects.toThrow('Cannot transfer personal workspace');
      await expect(members.remove(personal.id, owner)).rejects.toThrow(/Transfer ownership first/);
    });

    it('invite by a token that works once and is kept as a hash', async () => {
      const [owner, guest] = [somebody(), somebody()];
      const { id } = await workspaces.create({ name: 'Inviting', ownerId: owner });
      const { invite, token } = await invites.create(id, 'Guest@Example.com', 'admin', owner);
      expect(invite).toMatchObject({ email: 'guest@example.com', status: 'pending', role: 'admin' });
      const rows = await db.query('SELECT * FROM kernel_workspace_invites');
      expect(JSON.stringify([rows, invite])).not.toContain(token);
      expect(JSON.stringify(invite)).not.toContain('token_hash');
      expect(await invites.create(id, 'guest@example.COM', 'member', owner)).toMatchObject({
        invite: { id: invite.id },
        token: null,
      });
      expect(await invites.accept('nonsense', guest)).toBeNull();
      const accepted = await Promise.all([1, 2, 3].map(() => invites.accept(token ?? '', guest)));
      expect(accepted.filter(Boolean)).toHaveLength(1);
      expect(await members.get(id, guest)).toMatchObject({ role: 'admin', invitedBy: owner });
      expect(await invites.listForWorkspace(id)).toEqual([]);
      expect(await invites.listForWorkspace(id, null)).toMatchObject([{ status: 'accepted' }]);
    });

    it('make one invite of an address, however many ask at the same moment', async () => {
      const owner = somebody();
      const { id } = await workspaces.create({ name: 'Crowded', ownerId: owner });
      const made = await Promise.all([1, 2, 3, 4].map(() => invites.create(id, 'one@example.com', 'member', owner)));
      expect(made.filter(({ token }) => token !== null)).toHaveLength(1);
      expect(new Set(made.map(({ invite }) => invite.id)).size).toBe(1);
    });

    it('let invites expire, be cancelled and be sent again', async () => {
      const [owner, guest] = [somebody(), somebody()];
      const { id } = await workspaces.create({ name: 'Late', ownerId: owner });
      const first = await invites.create(id, 'late@example.com', 'member', owner);
      clock.advance(7 * 86_400_000);
      expect(await invites.listForEmail('late@example.com')).toEqual([]);
      expect(await invites.accept(first.token ?? '', guest)).toBeNull();
      expect(await invites.get(first.invite.id)).toMatchObject({ status: 'expired' });
      const renewed = await invites.renew(first.invite.id);
      expect(renewed?.token).not.toBe(first.token);
      expect(await invites.accept(first.token ?? '', guest)).toBeNull();
      expect(await invites.listForEmail('LATE@example.com')).toHaveLength(1);
      expect(await invites.cancel(first.invite.id)).toBe(true);
      expect(await invites.cancel(first.invite.id)).toBe(false);
      expect(await invites.renew(first.invite.id)).toBeNull();
      expect(await invites.accept(renewed?.token ?? '', guest)).toBeNull();
      expect(await members.isMember(id, guest)).toBe(false);
      expect(await invites.delete(first.invite.id)).toBe(true);
    });

    it('hold projects with slugs of their own', async () => {
      const owner = somebody();
      const [one, other] = [
        await workspaces.create({ name: 'One', ownerId: owner }),
        await workspaces.create({ name: 'Other', ownerId: owner }),
      ];
      const project = await projects.create(one.id, { name: 'Rocket Science', settings: { a: 1 } });
      expect(project).toMatchObject({ slug: 'rocket-science', settingsJson: { a: 1 }, description: null });
      await projects.create(other.id, { name: 'Rocket Science' });
      const second = await projects.create(one.id, { name: 'Apple', slug: 'Apple!' });
      const taken = "Project with slug 'rocket-science' already exists in workspace";
      await expect(projects.create(one.id, { name: 'Rocket science' })).rejects.toThrow(taken);
      await expect(projects.update(one.id, second.id, { slug: 'rocket-science' })).rejects.toThrow(taken);
      expect((await projects.listForWorkspace(one.id)).map(({ name }) => name)).toEqual(['Apple', 'Rocket Science']);
      expect(await projects.get(other.id, project.id)).toBeNull();
      expect(await projects.update(other.id, project.id, { name: 'Stolen' })).toBeNull();
      expect(await projects.delete(other.id, project.id)).toBe(false);
      expect(await projects.delete(one.id, project.id)).toBe(true);
    });

    it('take everything with them when they are deleted', async () => {
      const owner = somebody();
      const { id } = await workspaces.create({ name: 'Doomed', ownerId: owner });
      await invites.create(id, 'x@example.com', 'member', owner);
      await projects.create(id, { name: 'Doomed too' });
      expect(await workspaces.delete(id)).toBe(true);
      const tables = ['kernel_workspace_members', 'kernel_workspace_invites', 'kernel_projects'];
      for (const table of tables) {
        expect(await db.query(`SELECT id FROM ${table} WHERE workspace_id = ?`, [id]), table).toEqual([]);
      }
    });
  });
}
