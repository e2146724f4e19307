import { beforeAll, describe, expect, it } from 'vitest';
import { Entity, Field, HasMany, Model, withoutTenant, withTenant } from '../../src/orm/index.js';
import { withDatabase } from '../conformance/orm/suite.js';
import { BACKENDS } from '../orm/backends.js';

@Entity({ table: 'desks' })
class Desk extends Model {
  @Field({ type: 'string' }) name!: string;
  @HasMany(() => Memo, 'deskId') memos?: Memo[];
}

@Entity({ table: 'memos', tenant: 'workspaceId', unique: [['workspaceId', 'title'], ['code']] })
class Memo extends Model {
  @Field({ type: 'string', nullable: false }) workspaceId!: string;
  @Field({ type: 'string' }) title!: string;
  @Field({ type: 'string' }) code?: string;
  @Field({ type: 'integer' }) size?: number;
  @Field({ type: 'string', references: () => Desk }) deskId?: string;
}

/** Each leaves the condition's parentheses on one of the engines, if it may, and so the condition on the tenant behind it. */
const BREAKING_OUT = [
  '1 = 1) OR (1 = 1',
  '1 = 1 --1) OR (1 = 1',
  '1 = 1 -- (\r) OR (1 = 1 -- )',
  '1 = 1 # (\n) OR (1 = 1 # )\n',
  '1 = 1 /* /* */ ( */ ) OR (1 = 1 /* /* */ ) */',
  '1 = 1 /*! ) OR (1 = 1 */',
  '1 = 1 AND $$ ( $$ = $$ ( $$ ) OR (1 = 1 AND $$ ) $$ = $$ ) $$',
  '1 = 1 AND $é$ ( $é$ = $é$ ( $é$ ) OR (1 = 1 AND $é$ ) $é$ = $é$ ) $é$',
  "1 = 1 AND E'\\'' <> ' ) OR (1 = 1 AND E''<> '",
  "1 = 1 AND '\\'' <> ' ) OR (1 = 1 AND ''<> '",
  '1 = 1 AND CAST(1 AS [x (]) = 1 ) OR (CAST(1 AS [y )]) = 1',
  '1 = 1 AND CAST(1 AS [[x (]]) = 1 ) OR (CAST(1 AS [[y )]]) = 1',
];

for (const backend of BACKENDS) {
  describe(`tenants of ${backend.name}`, () => {
    const db = withDatabase(backend, { entities: [Desk, Memo] });
    const theirs = <T>(fn: () => T): T => withTenant('theirs', fn);
    const mine = <T>(fn: () => T): T => withTenant('mine', fn);
    const snapshot = (): Promise<string> =>
      withoutTenant(async () => JSON.stringify(await Memo.find({ where: { workspaceId: 'theirs' }, orderBy: 'id' })));
    let desk: Desk;
    let before = '';
    beforeAll(async () => {
      desk = await Desk.save({ name: 'shared' });
      await theirs(() => Memo.save({ id: 'secret', title: 'secret', code: 'c', size: 7, deskId: desk.id }));
      await theirs(() => Memo.save({ id: 'hidden', title: 'hidden', size: 9 }));
      await theirs(() => Memo.softDelete('hidden'));
      await mine(() => Memo.save({ id: 'own', title: 'own', size: 1, deskId: desk.id }));
      before = await snapshot();
    });

    it('cannot be left by naming the tenant twice', async () => {
      const twice = { workspaceId: 'mine', workspace_id: 'theirs', title: 'smuggled' } as never;
      const attempts: ReadonlyArray<() => Promise<unknown>> = [
        () => Memo.save(twice),
        () => Memo.save({ id: 'own', ...(twice as object) }),
        () => Memo.saveMany([twice]),
        () => Memo.update('own', twice),
        () => Memo.updateMany({ id: 'own' }, twice),
        () => Memo.save(twice, { matchBy: 'title' }),
      ];
      for (const attempt of attempts)
        await expect(mine(attempt), String(attempt)).rejects.toMatchObject({ code: 'E_VALIDATION' });
      expect(await snapshot()).toBe(before);
    });

    it('cannot be left by a condition written as text', async () => {
      for (const where of BREAKING_OUT) {
        const options = { where, includeDeleted: true };
        const seen = await mine(async () => [
          ...(await Memo.find(options).catch(() => [])),
          ...(await Memo.asOf(new Date())
            .find(options)
            .catch(() => [])),
        ]);
        expect(
          seen.filter(({ workspaceId }) => workspaceId !== 'mine'),
          where,
        ).toEqual([]);
        await mine(() => Memo.updateMany(where, { size: 1 })).catch(() => 0);
      }
      expect(await snapshot()).toBe(before);
    });

    it('are none to whoever has no id of one', async () => {
      for (const nobody of [null, undefined, '', 0]) {
        const reading = async (): Promise<number> => withTenant(nobody as never, () => Memo.count());
        await expect(reading(), String(nobody)).rejects.toMatchObject({ code: 'E_TENANT' });
      }
    });

    it('do not see each other in any verb that reads', async () => {
      await mine(async () => {
        for (const id of ['secret', 'hidden']) {
          expect(await Memo.get(id, { includeDeleted: true })).toBeNull();
          expect(await db().findEntity('memos', id, { includeDeleted: true })).toBeNull();
          expect(await Memo.history(id)).toEqual([]);
          expect(await Memo.getVersion(id, 1)).toBeNull();
          expect(await Memo.asOf(new Date()).get(id, { includeDeleted: true })).toBeNull();
          await expect(Memo.diff(id, 1, 1)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
        }
        const all = { includeDeleted: true };
        const own = (rows: Memo[]): void => expect(rows.map(({ id }) => id)).toEqual(['own']);
        own(await Memo.find(all));
        own((await Memo.findPage(all)).items);
        own(await Memo.find({ where: { or: [{ workspaceId: 'theirs' }, { not: { id: 'x' } }] } }));
        own((await Memo.asOf(new Date()).findPage(all)).items);
        const streamed: Memo[] = [];
        for await (const memo of Memo.stream({ ...all, batchSize: 1 })) streamed.push(memo);
        own(streamed);
        expect([await Memo.count(all), await Memo.asOf(new Date()).count(all)]).toEqual([1, 1]);
        expect([await Memo.sum('size', all), await Memo.avg('size', all)]).toEqual([1, 1]);
        expect([await Memo.min('title', all), await Memo.max('title', all)]).toEqual(['own', 'own']);
        expect(await Memo.exists({ where: { id: 'secret' } })).toBe(false);
        const shared = await Desk.getOrThrow(desk.id, { include: { memos: { includeDeleted: true } } });
        own(shared.memos);
      });
    });

    it('get their own rows of reads that travel together', async () => {
      const ids = ['own', 'secret', 'hidden', 'none'];
      const reads = Array.from({ length: 200 }, (_, index) => {
        const tenant = index % 2 === 0 ? 'mine' : 'theirs';
        return withTenant(tenant, () => Memo.get(ids[(index >> 1) % 4] as string)).then(
          (row) => [tenant, row] as const,
        );
      });
      for (const [tenant, row] of await Promise.all(reads)) expect(row?.workspaceId ?? tenant).toBe(tenant);
    });

    it('do not touch each other in any verb that writes', async () => {
      await mine(async () => {
        for (const id of ['secret', 'hidden']) {
          expect(await Memo.update(id, { size: 0 })).toBeNull();
          expect([await Memo.softDelete(id), await Memo.restore(id), await Memo.delete(id)]).toEqual([
            false,
            false,
            false,
          ]);
          await expect(Memo.save({ id, size: 0 })).rejects.toMatchObject({ kind: 'unique' });
          await expect(Memo.saveMany([{ id, size: 0 }])).rejects.toMatchObject({ kind: 'unique' });
          await expect(Memo.revertTo(id, 1)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
        }
        const every = { all: true } as const;
        expect(await Memo.restoreMany({ id: 'hidden' })).toBe(0);
        expect(await Memo.updateMany({ id: { ne: 'own' } }, { size: 0 })).toBe(0);
        expect(await Memo.softDeleteMany({}, every)).toBe(1);
        expect(await Memo.restoreMany({}, every)).toBe(1);
        expect(await Memo.deleteMany({}, { ...every, includeDeleted: true })).toBe(1);
        expect(await Memo.revertTo('own', 1)).toMatchObject({ title: 'own', version: 5 });
        await expect(Memo.save({ title: 'new', code: 'c' }, { matchBy: 'code' })).rejects.toMatchObject({
          kind: 'unique',
        });
        await expect(Memo.save({ title: 'new', code: 'c' }, { matchBy: 'title' })).rejects.toMatchObject({
          kind: 'unique',
        });
        const like = await Memo.save({ title: 'secret', size: 0 }, { matchBy: 'title' });
        expect(like).toMatchObject({ workspaceId: 'mine', version: 1 });
      });
      expect(await snapshot()).toBe(before);
    });

    it('do not take back a row that has moved to another one', async () => {
      await mine(() => Memo.save({ id: 'moved', title: 'before', size: 1 }));
      await withoutTenant(() => Memo.update('moved', { workspaceId: 'theirs', title: 'after' }));
      await mine(async () => {
        expect(await Memo.get('moved')).toBeNull();
        expect((await Memo.history('moved')).map(({ version }) => version)).toEqual([1]);
        expect(await Memo.asOf(new Date()).get('moved')).toBeNull();
        await expect(Memo.revertTo('moved', 1)).rejects.toMatchObject({ kind: 'unique' });
      });
      expect(await theirs(() => Memo.getOrThrow('moved'))).toMatchObject({ title: 'after', version: 2 });
      expect((await theirs(() => Memo.history('moved'))).map(({ version }) => version)).toEqual([2]);
    });
  });
}
