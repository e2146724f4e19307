import { beforeAll, describe, expect, it } from 'vitest';
import { dbContext, Entity, Field, KernelError, Model, SchemaError } from '../../src/orm/index.js';
import { withDatabase } from '../conformance/orm/suite.js';
import { BACKENDS } from '../orm/backends.js';

@Entity({ table: 'pages' })
class Page extends Model {
  @Field({ type: 'string' }) title!: string;
  @Field({ type: 'json' }) about?: unknown;
}

/** What a client may send where a field or a table is expected. */
const NO_NAMES: readonly unknown[] = [
  'id; DROP TABLE pages',
  'id" --',
  'id`',
  '"id"',
  'title) --',
  '(SELECT 1)',
  'id, (SELECT title FROM pages)',
  'title asc, 1',
  '1',
  '',
  '__proto__',
  'constructor',
  'pages.id',
  'id\0',
  null,
  5,
  {},
  ['id', 'title'],
  { toString: 'id' },
];

for (const backend of BACKENDS) {
  describe(`identifiers from outside, ${backend.name}`, () => {
    const db = withDatabase(backend, { entities: [Page] });
    beforeAll(async () => {
      await Page.save({ id: 'a', title: 'A' });
    });
    const refused = async (attempt: () => Promise<unknown>, name: unknown): Promise<void> => {
      const error = await attempt().catch((reason: unknown) => reason);
      expect(error, JSON.stringify(name)).toBeInstanceOf(KernelError);
      expect(['E_VALIDATION', 'E_SCHEMA']).toContain((error as KernelError).code);
    };

    it('are names of fields, or refused', async () => {
      for (const name of NO_NAMES) {
        const any = name as never;
        await refused(() => Page.find({ orderBy: { [String(JSON.stringify(any))]: 'asc' } as never }), name);
        await refused(() => Page.find({ orderBy: { title: any } }), name);
        await refused(() => Page.find({ select: [any] }), name);
        await refused(() => Page.findPage({ select: [any] }), name);
        await refused(() => Page.count({ where: { [String(JSON.stringify(any))]: 1 } as never }), name);
        await refused(() => Page.count({ where: { title: { [String(JSON.stringify(any))]: 'x' } } as never }), name);
        await refused(() => Page.sum(any), name);
        await refused(() => Page.min(any), name);
        await refused(() => Page.save({ title: 'x' }, { matchBy: [any] }), name);
        await refused(() => Page.find({ include: { [String(JSON.stringify(any))]: true } as never }), name);
      }
      for (const orderBy of NO_NAMES.filter((name) => typeof name === 'string'))
        await refused(() => Page.find({ orderBy }), orderBy);
      for (const whole of [null, 5, 'title', [['title', 'asc']], new Map([['title', 'asc']])]) {
        if (whole !== 'title') await refused(() => Page.find({ orderBy: whole as never }), whole);
        await refused(() => Page.find({ select: whole as never }), whole);
      }
      expect(await Page.count()).toBe(1);
    });

    it('are tables of entities, or refused', async () => {
      for (const name of [...NO_NAMES, 'pages_history', '_schema_migrations', 'PAGES', 'pages p', 'public.pages']) {
        const table = name as never;
        await refused(() => db().findEntity(table, 'a'), name);
        await refused(() => db().findEntities(table), name);
        await refused(() => db().saveEntity(table, { title: 'x' }), name);
        await refused(() => db().deleteEntities(table, {}, { all: true }), name);
      }
    });

    it('are neither compared nor repeated in full where they are long', async () => {
      const name = 'x'.repeat(2 ** 20);
      for (const attempt of [
        () => Page.save({ [name]: 1 } as never),
        () => Page.find({ where: { [name]: 1 } as never }),
        () => Page.find({ where: { title: { [name]: 1 } } as never }),
        () => Page.find({ orderBy: name }),
        () => Page.find({ orderBy: `${name}(` }),
        () => Page.find({ include: { [name]: true } as never }),
        () => db().findEntity(name, 'a'),
      ] as Array<() => Promise<unknown>>) {
        const error = await attempt().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(KernelError);
        expect(JSON.stringify([error, (error as KernelError).message]).length, String(attempt)).toBeLessThan(1_000);
      }
    });

    it('are quoted where a statement names them as [column]', async () => {
      const odd = ['ti"tle', 'ti`tle', 'title]', 'title"; DROP TABLE pages; --', 'a b'];
      for (const name of odd) {
        await expect(Page.find({ where: `[${name}] = 1` }), name).rejects.toThrow(KernelError);
        await expect(db().query(`SELECT [${name}] FROM pages`), name).rejects.toThrow(KernelError);
      }
      await expect(Page.find({ where: '[deleted_at] IS NULL AND [nope] = 1' })).rejects.toThrow(SchemaError);
      expect(await db().query('SELECT [title] FROM [pages]')).toEqual([{ title: 'A' }]);
    });

    it('are no numbers of rows', async () => {
      for (const count of ['1', '1; DROP TABLE pages', -1, 1.5, Number.NaN, null, [1], {}]) {
        await refused(() => Page.find({ limit: count as never }), count);
        await refused(() => Page.find({ offset: count as never }), count);
        await refused(() => Page.findPage({ limit: count as never }), count);
        await refused(() => Page.history('a', { limit: count as never }), count);
        await refused(() => Page.getVersion('a', count as never), count);
        if (count !== null) await refused(() => Page.stream({ batchSize: count as never }).next(), count);
      }
    });

    it('are no levels of isolation', async () => {
      for (const isolation of ['serializable; DROP TABLE pages', 'READ UNCOMMITTED', '', null, ['serializable']])
        await refused(() => dbContext(() => Page.count(), { isolation: isolation as never }), isolation);
    });

    it('do not end the transaction they run in', async () => {
      for (const sql of ['COMMIT', ' rollback', '/* x */ COMMIT', '-- x\nROLLBACK', '/*! COMMIT */', ';END', 'ABORT']) {
        const unit = dbContext(async (tx) => {
          await tx.saveEntity('pages', { title: 'undone' });
          await tx.execute(sql);
        });
        await expect(unit, sql).rejects.toThrow(SchemaError);
      }
      expect(await Page.count({ where: { title: 'undone' } })).toBe(0);
    });

    it('are steps of a json path, whatever characters they have', async () => {
      const names = [
        '"',
        "'",
        '\\',
        '$',
        '.',
        '[0]',
        '"] ; DROP',
        '*',
        '**',
        '?(@)',
        'a b',
        '`',
        '',
        '__proto__',
        '💥',
        '%',
        'last',
      ];
      for (const name of names) {
        await Page.save({
          id: 'odd',
          title: 'odd',
          about: JSON.parse(JSON.stringify({ x: { [name]: 'found' } })) as object,
        });
        const at = (path: Array<string | number>): Promise<number> =>
          Page.count({ where: { id: 'odd', about: { path, eq: 'found' } } });
        expect(await at(['x', name]), name).toBe(1);
        expect(await at(['x', `${name}x`]), name).toBe(0);
        expect(await at(['y', name]), name).toBe(0);
      }
    });
  });
}
