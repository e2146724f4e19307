import { afterEach, describe, expect, it } from 'vitest';
import { Entity, Field, Model, SchemaError, ValidationError } from '../../src/orm/index.js';
import { withDatabase } from '../conformance/orm/suite.js';
import { BACKENDS } from '../orm/backends.js';

@Entity({ table: 'profiles' })
class Profile extends Model {
  @Field({ type: 'string' }) name!: string;
  @Field({ type: 'json' }) data?: unknown;
}

/** As a body parser gives them: the hostile names are own keys. */
const HOSTILE = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":{"__proto__":{"polluted":true},"b":[{"__proto__":{"polluted":true}}]}}',
  '{"toString":"x","valueOf":1,"hasOwnProperty":null,"toJSON":"x"}',
];
const parsed = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

for (const backend of BACKENDS) {
  describe(`names of prototypes, ${backend.name}`, () => {
    const db = withDatabase(backend, { entities: [Profile] });
    afterEach(() => {
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(Profile.prototype).not.toHaveProperty('polluted');
    });

    it('are plain members of json, both ways, and in versions', async () => {
      for (const text of HOSTILE) {
        const { id } = await Profile.save({ name: 'x', data: parsed(text) });
        const stored = [
          (await Profile.getOrThrow(id)).data,
          (await Profile.getVersion(id, 1))?.data,
          (await Profile.asOf(new Date()).get(id))?.data,
          (await db().findEntity('profiles', id))?.data,
        ];
        for (const data of stored) expect(canonical(data), text).toBe(canonical(parsed(text)));
        expect(await Profile.save({ id, data: parsed(text) })).toMatchObject({ version: 1 });
        await Profile.update(id, { data: { other: 1 } });
        const changed = await Profile.diff(id, 1, 2);
        expect(canonical(changed.data?.[0])).toBe(canonical(parsed(text)));
        expect(JSON.stringify(await Profile.revertTo(id, 1))).toContain(Object.keys(parsed(text))[0]);
      }
    });

    it('are no fields', async () => {
      for (const text of HOSTILE) {
        const hostile = parsed(text) as never;
        await expect(Profile.save(hostile), text).rejects.toThrow(ValidationError);
        await expect(Profile.saveMany([hostile])).rejects.toThrow(ValidationError);
        await expect(Profile.update('x', hostile)).rejects.toThrow(ValidationError);
        await expect(Profile.updateMany({ name: 'x' }, hostile)).rejects.toThrow(ValidationError);
        await expect(Profile.find({ where: hostile })).rejects.toThrow(ValidationError);
        await expect(Profile.find({ where: { and: [hostile] } })).rejects.toThrow(ValidationError);
        await expect(Profile.find({ where: { name: hostile } })).rejects.toThrow(ValidationError);
        await expect(Profile.find({ orderBy: hostile })).rejects.toThrow(ValidationError);
        await expect(Profile.find({ include: hostile })).rejects.toThrow(ValidationError);
      }
    });

    it('hide no condition, as a filter with a prototype of its own would', async () => {
      await Profile.save({ name: 'kept' });
      const inherited = Object.create({ name: 'none' }) as object;
      const attempts = [
        inherited,
        Object.assign(Object.create({ x: 1 }), { name: 'kept' }) as object,
        new Map([['name', 'none']]),
      ];
      for (const where of attempts) await expect(Profile.deleteMany(where as never)).rejects.toThrow(ValidationError);
      await expect(Profile.find({ where: { name: inherited as never } })).rejects.toThrow(ValidationError);
      expect(await Profile.exists({ where: { name: 'kept' } })).toBe(true);
    });

    it('are steps of a path that lead to own members alone', async () => {
      const { id } = await Profile.save({ name: 'path', data: parsed(HOSTILE[0] as string) });
      const at = (...path: string[]): Promise<boolean> => Profile.exists({ where: { id, data: { path, eq: true } } });
      expect(await at('__proto__', 'polluted')).toBe(true);
      expect(await at('constructor', 'polluted')).toBe(false);
    });
  });
}

it('are refused as names of fields by the declaration', () => {
  for (const name of ['__proto__', 'constructor', 'prototype', 'toJSON', 'a b', 'a"; x', '1a']) {
    const declare = (): void => {
      const target = class Odd extends Model {};
      (Field({ type: 'string' }) as unknown as (target: object, name: string) => void)(target.prototype, name);
      (Entity({ table: `odd_${name.length}` }) as unknown as (target: object) => void)(target);
    };
    expect(declare, name).toThrow(SchemaError);
  }
});

/** JSON with its keys in one order: jsonb keeps another one. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}
