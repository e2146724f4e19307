import { beforeAll, describe, expect, it } from 'vitest';
import { withoutTenant, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Note } from './entities.js';
import { withDatabase } from './suite.js';

export function describeTenants(backend: Backend): void {
  describe('tenants', () => {
    withDatabase(backend);
    let mine: Note;
    beforeAll(async () => {
      mine = await withTenant('mine', () => Note.save({ body: 'mine' }));
      await withTenant('theirs', () => Note.save({ body: 'theirs' }));
    });

    it('refuses every verb while nobody has said which tenant', async () => {
      for (const verb of [
        () => Note.find(),
        () => Note.count(),
        () => Note.get(mine.id),
        () => Note.save({ body: 'x', workspaceId: 'mine' }),
        () => Note.update(mine.id, { body: 'x' }),
        () => Note.delete(mine.id),
        () => Note.softDelete(mine.id),
        () => Note.history(mine.id),
        () => Note.asOf(new Date()).find(),
        () => Note.stream().next(),
      ]) {
        await expect(verb(), String(verb)).rejects.toMatchObject({ code: 'E_TENANT' });
      }
    });

    it('fills the tenant in and shows only its rows', async () => {
      expect(mine.workspaceId).toBe('mine');
      await withTenant('mine', async () => {
        expect((await Note.find()).map((note) => note.body)).toEqual(['mine']);
        expect(await Note.count({ where: '1 = 1 OR 1 = 1' })).toBe(1);
        expect(await Note.asOf(new Date()).count()).toBe(1);
      });
    });

    it("treats another tenant's row as missing", async () => {
      await withTenant('theirs', async () => {
        expect(await Note.get(mine.id)).toBeNull();
        expect(await Note.update(mine.id, { body: 'stolen' })).toBeNull();
        expect(await Note.softDelete(mine.id)).toBe(false);
        expect(await Note.delete(mine.id)).toBe(false);
        expect(await Note.history(mine.id)).toEqual([]);
        expect(await Note.getVersion(mine.id, 1)).toBeNull();
        await expect(Note.save({ id: mine.id, body: 'stolen' })).rejects.toMatchObject({ kind: 'unique' });
        const other = await Note.save({ body: 'mine' }, { matchBy: 'body' });
        expect(other.id).not.toBe(mine.id);
      });
      expect(await withTenant('mine', () => Note.getOrThrow(mine.id))).toMatchObject({ body: 'mine', version: 1 });
    });

    it('does not let a write name another tenant', async () => {
      await withTenant('mine', async () => {
        await expect(Note.save({ body: 'x', workspaceId: 'theirs' })).rejects.toMatchObject({ code: 'E_TENANT' });
        await expect(Note.update(mine.id, { workspaceId: 'theirs' })).rejects.toMatchObject({ code: 'E_TENANT' });
      });
    });

    it('spans tenants where that is said', async () => {
      for (const tenant of ['one', 'other']) await withTenant(tenant, () => Note.save({ body: 'both' }));
      expect(await withTenant('one', () => Note.count({ where: { body: 'both' } }))).toBe(1);
      expect(await withoutTenant(() => Note.count({ where: { body: 'both' } }))).toBe(2);
    });
  });
}
