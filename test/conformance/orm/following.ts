import { describe, expect, it } from 'vitest';
import { dbContext, Entity, Field, Model, type WriteEvent, withoutTenant, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { withDatabase } from './suite.js';

@Entity({ table: 'folders' })
class Folder extends Model {
  @Field({ type: 'string' }) name?: string;
  @Field({ type: 'string', references: () => Folder, onDelete: 'cascade' }) parentId?: string | null;
  @Field({ type: 'string', references: () => Paper, onDelete: 'cascade' }) coverId?: string | null;
}

@Entity({ table: 'papers', tenant: 'owner' })
class Paper extends Model {
  @Field({ type: 'string' }) owner!: string;
  @Field({ type: 'string', nullable: false, references: () => Folder, onDelete: 'cascade' }) folderId!: string;
}

@Entity({ table: 'labels' })
class Label extends Model {
  @Field({ type: 'string', references: () => Folder, onDelete: 'set null' }) folderId?: string | null;
  @Field({ type: 'string', references: () => Folder, onDelete: 'set null' }) otherId?: string | null;
}

@Entity({ table: 'marks', history: false })
class Mark extends Model {
  @Field({ type: 'string', references: () => Folder, onDelete: 'cascade' }) folderId?: string | null;
}

@Entity({ table: 'locks' })
class Lock extends Model {
  @Field({ type: 'string', references: () => Folder }) folderId?: string | null;
}

@Entity({ table: 'areas' })
class Area extends Model {
  @Field({ type: 'string' }) name?: string;
}

@Entity({ table: 'steps' })
class Step extends Model {
  @Field({ type: 'string', references: () => Area, onDelete: 'cascade' }) areaId?: string | null;
  @Field({ type: 'string', references: () => Step }) afterId?: string | null;
}

@Entity({ table: 'notices' })
class Notice extends Model {
  @Field({ type: 'string', references: () => Step }) stepId?: string | null;
  @Field({ type: 'string', references: () => Area, onDelete: 'cascade' }) areaId?: string | null;
}

export function describeFollowing(backend: Backend): void {
  describe('deleting what others reference', () => {
    const db = withDatabase(backend, { entities: [Folder, Paper, Label, Mark, Lock, Area, Notice, Step] });
    const versions = async (rows: Promise<Array<{ version: number; deletedAt: Date | null }>>): Promise<number[]> =>
      (await rows).map(({ version }) => version);

    it('deletes what references the row with cascade, on and on, each with a version that says why', async () => {
      const root = await Folder.save({ name: 'root' });
      const child = await Folder.save({ parentId: root.id });
      const leaf = await Folder.save({ parentId: child.id });
      const paper = await withTenant('ann', () => Paper.save({ folderId: leaf.id }));
      const mark = await Mark.save({ folderId: child.id });
      await Folder.softDelete(leaf.id);
      expect(await Folder.delete(root.id, { comment: 'clean' })).toBe(true);
      expect(await Folder.count({ includeDeleted: true, where: { id: { in: [root.id, child.id, leaf.id] } } })).toBe(0);
      expect(await Mark.get(mark.id)).toBeNull();
      expect(await withoutTenant(() => Paper.history(paper.id))).toMatchObject([
        { version: 2, folderId: leaf.id, historyComment: 'clean', deletedAt: expect.any(Date) },
        { version: 1 },
      ]);
      expect(await versions(Folder.history(root.id))).toEqual([2, 1]);
      expect(await versions(Folder.history(child.id))).toEqual([2, 1]);
      expect(await versions(Folder.history(leaf.id))).toEqual([3, 2, 1]);
    });

    it('clears fields that reference the row with set null, as one change of their row', async () => {
      const [a, b, kept] = (await Folder.saveMany([{}, {}, {}])) as [Folder, Folder, Folder];
      const [both, one] = (await Label.saveMany([
        { folderId: a.id, otherId: b.id },
        { folderId: a.id, otherId: kept.id },
      ])) as [Label, Label];
      expect(await Folder.deleteMany({ id: { in: [a.id, b.id] } }, { comment: 'gone' })).toBe(2);
      expect(await Label.get(both.id)).toMatchObject({ folderId: null, otherId: null, version: 2 });
      expect(await Label.get(one.id)).toMatchObject({ folderId: null, otherId: kept.id, version: 2 });
      expect(await Label.history(one.id)).toMatchObject([{ version: 2, historyComment: 'gone' }, { folderId: a.id }]);
    });

    it('tells listeners of everything that followed', async () => {
      const root = await Folder.save({});
      const child = await Folder.save({ parentId: root.id });
      const label = await Label.save({ folderId: child.id });
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await Folder.delete(root.id);
      off();
      expect(events.map(({ action, id, version }) => [action, id, version]).sort()).toEqual(
        [
          ['delete', root.id, 2],
          ['delete', child.id, 2],
          ['update', label.id, 2],
        ].sort(),
      );
    });

    it('ends in a ring of references, with one version of each row', async () => {
      const folder = await Folder.save({});
      const paper = await withTenant('ann', () => Paper.save({ folderId: folder.id }));
      await Folder.update(folder.id, { coverId: paper.id, parentId: folder.id });
      expect(await Folder.delete(folder.id)).toBe(true);
      expect(await versions(Folder.history(folder.id))).toEqual([3, 2, 1]);
      expect(await withoutTenant(() => versions(Paper.history(paper.id)))).toEqual([2, 1]);
    });

    it('deletes nothing where a row that restricts stands against it', async () => {
      const root = await Folder.save({});
      const child = await Folder.save({ parentId: root.id });
      await Lock.save({ folderId: child.id });
      await expect(Folder.delete(root.id)).rejects.toMatchObject({ kind: 'foreign_key' });
      expect(await Folder.get(root.id)).toMatchObject({ version: 1 });
      expect(await versions(Folder.history(child.id))).toEqual([1]);
    });

    it('deletes rows that restrict each other where all of them go, in whatever order they are found', async () => {
      const area = await Area.save({});
      const steps: Step[] = [];
      for (let step = 0; step < 40; step++)
        steps.push(await Step.save({ id: `${100 - step}`, areaId: area.id, afterId: steps.at(-1)?.id ?? null }));
      await Notice.saveMany(steps.map(({ id }) => ({ areaId: area.id, stepId: id })));
      await Step.update('100', { afterId: '100' });
      await Step.update('99', { afterId: '97' });
      expect(await Area.delete(area.id, { comment: 'all' })).toBe(true);
      expect([await Step.count(), await Notice.count(), await Area.count()]).toEqual([0, 0, 0]);
      expect(await Step.history('70')).toMatchObject([{ version: 2, historyComment: 'all' }, { version: 1 }]);
    });

    it('deletes more rows than are looked at together, though they restrict each other', async () => {
      const ids = Array.from({ length: 2_300 }, (_, index) => `${10_000 + index}`);
      await Step.saveMany(ids.map((id) => ({ id })));
      const first = ids[0] as string;
      const chain = [ids[2_250], first, ids[1_500], ids[3]] as [string, string, string, string];
      for (const [at, id] of chain.slice(1).entries()) await Step.update(id, { afterId: chain[at] as string });
      await expect(Step.deleteMany({ id: { gt: first } })).rejects.toMatchObject({ kind: 'foreign_key' });
      expect(await Step.count()).toBe(2_300);
      expect(await Step.deleteMany({}, { all: true, comment: 'clean' })).toBe(2_300);
      expect(await Step.history(first)).toMatchObject([{ version: 3, historyComment: 'clean' }, {}, {}]);
      expect(await Step.count({ includeDeleted: true })).toBe(0);
    });

    it('does not follow when a row is only hidden', async () => {
      const root = await Folder.save({});
      const child = await Folder.save({ parentId: root.id });
      await Folder.softDelete(root.id);
      expect(await Folder.get(child.id)).toMatchObject({ parentId: root.id, version: 1 });
    });

    it('lets nobody slip in a reference between the look and the delete', async () => {
      const root = await Folder.save({});
      const late = dbContext(async () => {
        await Folder.delete(root.id);
      });
      const outcomes = await Promise.allSettled([
        late,
        ...Array.from({ length: 5 }, () => Folder.save({ parentId: root.id })),
      ]);
      expect(outcomes[0]?.status).toBe('fulfilled');
      for (const outcome of outcomes.slice(1)) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ kind: 'foreign_key' });
        else expect(await versions(Folder.history((outcome.value as Folder).id))).toEqual([2, 1]);
      }
    });
  });
}
