import { afterEach, describe, expect, it } from 'vitest';
import { type Database, Entity, type EntityTarget, Field, type FieldOptions, Model } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';

type Row = Model & { value: unknown };
type RowClass = EntityTarget & typeof Model & (new () => Row);

function entityWith(options: FieldOptions): RowClass {
  class Retyped extends Model {
    value!: unknown;
  }
  Field(options)(Retyped.prototype, 'value');
  Entity({ table: 'retyped' })(Retyped);
  return Retyped as RowClass;
}

/** Each change of a field that every value survives, with the hardest of them. */
const WIDENINGS: ReadonlyArray<[name: string, from: FieldOptions, to: FieldOptions, values: unknown[]]> = [
  ['a longer string', { type: 'string', length: 5 }, { type: 'string', length: 700 }, ['', 'äöü€😀']],
  ['a string that becomes text', { type: 'string', length: 5 }, { type: 'text' }, ['abcde']],
  ['a string that outgrows its row', { type: 'string', length: 5 }, { type: 'string', length: 9000 }, ['abcde']],
  ['more digits', decimal(12, 2), decimal(14, 2), ['-9999999999.99', '0.01']],
  ['more digits behind the point', decimal(6, 2), decimal(12, 6), ['-9999.99', '9999.99']],
  ['more digits than a number holds', decimal(15, 4), decimal(38, 10), ['-99999999999.9999', '0.0001']],
  ['more digits than many', decimal(20, 2), decimal(30, 4), ['-999999999999999999.99', '1.00']],
  ['a value that may be missing', { type: 'string', nullable: false }, { type: 'string' }, ['kept']],
  ['a shorter string that everything fits into', { type: 'text' }, { type: 'string', length: 4 }, ['1234', '']],
  ['fewer digits that everything fits into', decimal(30, 4), decimal(8, 2), ['-999999.99', '1.00']],
];

/** Changes that some values do not survive, and what is left of them where that is allowed. */
const NARROWINGS: ReadonlyArray<
  [name: string, from: FieldOptions, to: FieldOptions, values: unknown[], left: unknown[]]
> = [
  [
    'a string',
    { type: 'string' },
    { type: 'string', length: 3 },
    ['abc', 'abcdef', '😀😀😀😀'],
    ['abc', 'abc', '😀😀😀'],
  ],
  ['a text', { type: 'text' }, { type: 'string', length: 3 }, ['abcd', 'abcde', ''], ['abc', 'abc', '']],
  ['digits behind the point', decimal(12, 4), decimal(12, 2), ['1.2345', '-1.235', '1.5'], ['1.23', '-1.24', '1.50']],
  ['many digits', decimal(30, 4), decimal(10, 1), ['1.25', '2.34', '3.5'], ['1.3', '2.3', '3.5']],
];

function decimal(precision: number, scale: number): FieldOptions {
  return { type: 'decimal', precision, scale };
}

export function describeRetyping(backend: Backend): void {
  const { reconnect } = backend;
  if (!reconnect) return;
  describe('a field that changes', () => {
    const open: Database[] = [];
    afterEach(async () => {
      for (const db of open.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const stored = async (options: FieldOptions, values: unknown[]): Promise<Database> => {
      const entity = entityWith(options);
      const db = await backend.connect({ entities: [entity] });
      open.push(db);
      await db.migrate();
      for (const [index, value] of values.entries()) await entity.save({ id: String(index), value } as never, { db });
      return db;
    };
    const next = async (first: Database, entity: RowClass): Promise<Database> => {
      const db = await reconnect(first, { entities: [entity] });
      open.push(db);
      return db;
    };
    const valuesOf = async (entity: RowClass, db: Database): Promise<unknown[]> => {
      const rows = (await entity.find({ db, orderBy: 'id' })) as Row[];
      const versions = await Promise.all(rows.map(({ id }) => entity.getVersion(id, 1, { db })));
      expect(versions.map((version) => (version as unknown as Row).value)).toEqual(rows.map(({ value }) => value));
      return rows.map(({ value }) => value);
    };

    for (const [name, from, to, values] of WIDENINGS) {
      it(`keeps every value: ${name}`, async () => {
        const before = await stored(from, values);
        const entity = entityWith(to);
        const after = await next(before, entity);
        expect((await after.migrate()).warnings).toEqual([]);
        expect(String(await after.plan())).toBe('Nothing to do.');
        const wanted = values.map((value) => (to.scale === undefined ? value : resized(value, to.scale)));
        expect(await valuesOf(entity, after)).toEqual(wanted);
        expect(await entity.count({ db: after, where: { value: wanted[0] } as never })).toBe(1);
      });
    }

    for (const [name, from, to, values, left] of NARROWINGS) {
      it(`counts the values that would not fit, and shortens them only when named: ${name}`, async () => {
        const before = await stored(from, values);
        const entity = entityWith(to);
        const after = await next(before, entity);
        const { warnings, steps } = await after.migrate();
        expect(steps).toEqual([]);
        expect(warnings.map((warning) => warning.name)).toEqual(['retyped.value', 'retyped.value']);
        expect(warnings[0]?.message).toMatch(/2 values of retyped would not fit into.*allowDrops/);
        expect(warnings[1]?.message).toMatch(/2 values of retyped_history/);
        await after.migrate({ allowDrops: ['retyped.value'] });
        expect(String(await after.plan())).toBe('Nothing to do.');
        expect(await valuesOf(entity, after)).toEqual(left);
      });
    }

    it('is refused where its values would have to be read otherwise', async () => {
      const before = await stored({ type: 'text' }, ['not json']);
      for (const type of ['json', 'date', 'boolean', 'blob'] as const) {
        const after = await next(before, entityWith({ type }));
        const { warnings, steps } = await after.migrate();
        if (after.engine === 'mariadb' && type === 'json') continue; // it is text there, so that the server sees no change
        expect(steps, type).toEqual([]);
        expect(warnings[0]?.message, type).toMatch(/may lose data/);
      }
    });
  });
}

function resized(value: unknown, scale: number): string {
  const [whole = '', fraction = ''] = String(value).split('.');
  return `${whole}.${fraction.padEnd(scale, '0').slice(0, scale)}`;
}
