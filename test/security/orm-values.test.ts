import { beforeEach, describe, expect, it } from 'vitest';
import { Entity, Field, Model, ValidationError } from '../../src/orm/index.js';
import { withDatabase } from '../conformance/orm/suite.js';
import { BACKENDS } from '../orm/backends.js';

@Entity({ table: 'members' })
class Member extends Model {
  @Field({ type: 'string' }) email!: string;
  @Field({ type: 'string', default: 'user' }) role!: string;
  @Field({ type: 'integer', default: 0 }) level!: number;
  @Field({ type: 'json' }) about?: unknown;
}

/** What a JSON body or a query string may hold where a text is expected; each meant more than its value to some driver or ORM. */
const NO_TEXTS: readonly unknown[] = [
  { $ne: null },
  { $gt: '' },
  { email: 1 },
  { toString: 'x' },
  { toSqlString: 'x' },
  { length: 1, 0: 'x' },
  {},
  [],
  ['a'],
  [['a', 'b']],
  [{ role: 'admin' }],
  true,
  0,
  1,
];

for (const backend of BACKENDS) {
  describe(`objects and lists in place of values, ${backend.name}`, () => {
    const db = withDatabase(backend, { entities: [Member] });
    const unchanged = async (): Promise<void> =>
      expect(await Member.find({ includeDeleted: true, select: ['id', 'email', 'role', 'version'] })).toEqual([
        expect.objectContaining({ id: 'ann', email: 'ann@x', role: 'user', version: 1 }),
      ]);
    beforeEach(async () => {
      await Member.deleteMany({}, { all: true, includeDeleted: true });
      await db().execute('DELETE FROM [members_history]');
      await Member.save({ id: 'ann', email: 'ann@x' });
    });

    it('are refused in filters', async () => {
      for (const value of NO_TEXTS) {
        const email = value as never;
        const filters: object[] = [{ email }, { email: { eq: email } }, { email: { in: [email] } }, { not: { email } }];
        if (!Array.isArray(value)) filters.push({ email: { in: email } });
        filters.push({ email: { contains: email } }, { email: { between: [email, email] } }, { or: [{ email }] });
        for (const where of filters as never[]) {
          await expect(Member.find({ where }), JSON.stringify(where)).rejects.toThrow(ValidationError);
          await expect(Member.asOf(new Date()).count({ where })).rejects.toThrow(ValidationError);
          await expect(Member.updateMany(where, { role: 'admin' })).rejects.toThrow(ValidationError);
          await expect(Member.deleteMany(where)).rejects.toThrow(ValidationError);
        }
      }
      await unchanged();
    });

    it('are refused as ids', async () => {
      for (const value of NO_TEXTS) {
        const id = value as never;
        for (const attempt of [
          () => Member.get(id),
          () => Member.getOrThrow(id),
          () => Member.update(id, { role: 'admin' }),
          () => Member.softDelete(id),
          () => Member.delete(id),
          () => Member.history(id),
          () => Member.revertTo(id, 1),
          () => Member.asOf(new Date()).get(id),
          () => db().findEntity('members', id),
        ] as Array<() => Promise<unknown>>)
          await expect(attempt(), `${attempt} ${JSON.stringify(value)}`).rejects.toThrow(ValidationError);
      }
      await unchanged();
    });

    it('are refused as values of fields, so that no column beside them is set', async () => {
      for (const value of NO_TEXTS) {
        const role = value as never;
        await expect(Member.save({ email: 'x', role }), JSON.stringify(value)).rejects.toThrow(ValidationError);
        await expect(Member.save({ id: 'ann', role })).rejects.toThrow(ValidationError);
        await expect(Member.saveMany([{ email: 'x', role }])).rejects.toThrow(ValidationError);
        await expect(Member.update('ann', { role })).rejects.toThrow(ValidationError);
        await expect(Member.updateMany({ id: 'ann' }, { role })).rejects.toThrow(ValidationError);
        await expect(Member.save({ email: role }, { matchBy: 'email' })).rejects.toThrow(ValidationError);
      }
      await expect(Member.save({ email: 'x', about: { x: 1 }, 'role = 1, email': 'y' } as never)).rejects.toThrow(
        ValidationError,
      );
      for (const rows of [null, 'x', 5, ['role', 'admin'], [[{ role: 'admin' }]]])
        await expect(Member.save(rows as never), JSON.stringify(rows)).rejects.toThrow(ValidationError);
      await unchanged();
    });

    it('are refused as parameters', async () => {
      for (const value of [...NO_TEXTS.filter((each) => typeof each === 'object'), undefined, () => 1, Symbol('x')]) {
        const where = 'email = ?';
        await expect(db().query(`SELECT * FROM members WHERE ${where}`, [value])).rejects.toThrow(ValidationError);
        await expect(db().execute(`DELETE FROM members WHERE ${where}`, [value])).rejects.toThrow(ValidationError);
        await expect(Member.find({ where, params: [value] })).rejects.toThrow(ValidationError);
        await expect(Member.updateMany(where, { role: 'admin' }, { params: [value] })).rejects.toThrow(ValidationError);
        await expect(Member.deleteMany(where, { params: [value] })).rejects.toThrow(ValidationError);
      }
      for (const params of ['ann@x', { 0: 'ann@x', length: 1 }, null])
        await expect(Member.find({ where: 'email = ?', params: params as never })).rejects.toThrow(ValidationError);
      await unchanged();
    });

    it('are refused as options that widen what is read or written', async () => {
      for (const value of ['false', 'true', 0, 1, null, {}, []]) {
        const any = value as never;
        await expect(Member.find({ includeDeleted: any }), JSON.stringify(value)).rejects.toThrow(ValidationError);
        await expect(Member.get('ann', { includeDeleted: any })).rejects.toThrow(ValidationError);
        await expect(Member.deleteMany({}, { all: any })).rejects.toThrow(ValidationError);
        await expect(Member.deleteMany({ id: 'ann' }, { includeDeleted: any })).rejects.toThrow(ValidationError);
      }
      for (const version of ['1', null, {}, [1], 1.5, Number.NaN, true]) {
        const options = { expectedVersion: version as never };
        await expect(Member.update('ann', { role: 'admin' }, options), String(version)).rejects.toThrow(
          ValidationError,
        );
        await expect(Member.save({ id: 'ann', role: 'admin' }, options)).rejects.toThrow(ValidationError);
        await expect(Member.softDelete('ann', options)).rejects.toThrow(ValidationError);
        await expect(Member.delete('ann', options)).rejects.toThrow(ValidationError);
        await expect(Member.revertTo('ann', 1, options)).rejects.toThrow(ValidationError);
      }
      for (const comment of [{ a: 1 }, ['a'], 5, 'a\0b', '\ud800'])
        await expect(Member.update('ann', { role: 'admin' }, { comment: comment as never })).rejects.toThrow(
          ValidationError,
        );
      await unchanged();
    });

    it('are refused where they are too deep or too many', async () => {
      let where: object = { email: 'x' };
      for (let level = 0; level < 20_000; level++) where = { not: where };
      await expect(Member.find({ where: where as never })).rejects.toThrow(ValidationError);
      let about: unknown = null;
      for (let level = 0; level < 20_000; level++) about = [about];
      await expect(Member.save({ email: 'x', about })).rejects.toThrow(ValidationError);
      const many = Array.from({ length: 70_000 }, (_, index) => `${index}`);
      await expect(Member.find({ where: { email: { in: many } } })).rejects.toThrow(ValidationError);
      const text = `email IN (${many.map(() => '?').join()})`;
      await expect(Member.find({ where: text, params: many })).rejects.toThrow(ValidationError);
      const queries = [1, 2, 3].map(() => db().query(`SELECT 1 FROM members WHERE ${text}`, many));
      for (const query of await Promise.allSettled(queries))
        expect(query).toMatchObject({ reason: { code: 'E_VALIDATION' } });
      expect(db().stats()).toMatchObject({ circuit: 'closed', retries: 0 });
      await unchanged();
    });
  });
}
