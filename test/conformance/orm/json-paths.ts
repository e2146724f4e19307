import { beforeAll, describe, expect, it } from 'vitest';
import { type PathCondition, ValidationError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Sample } from './entities.js';
import { withDatabase } from './suite.js';

/** By name, as they are stored. */
const DOCUMENTS: Readonly<Record<string, unknown>> = {
  text: { a: 'x' },
  one: { a: 1 },
  oneAsText: { a: '1' },
  yes: { a: true },
  no: { a: false },
  empty: { a: '' },
  spaced: { a: 'x ' },
  upper: { a: 'X' },
  none: { a: null },
  missing: { b: 1 },
  nested: { a: { b: [{ c: 'deep' }, 2, [3]] } },
  array: ['first', ['second']],
  numbered: { '0': 'first' },
  bare: 'first',
  odd: { 'a"b\\c.d[0]$\n': 'odd', '': 'no name', 'é😀': 'plain' },
  escaped: { a: 'a"b\\c\n\u0001/é😀' },
  exact: { a: 0.1 + 0.2 },
  big: { a: 2 ** 60 + 2 ** 20 },
  long: { a: -3.0570797526685855e18 },
  tiny: { a: 5e-324 },
  huge: { a: 1.7976931348623157e308 },
};

export function describeJsonPaths(backend: Backend): void {
  describe('paths into json', () => {
    const db = withDatabase(backend);
    beforeAll(async () => {
      await Sample.saveMany([
        ...Object.entries(DOCUMENTS).map(([text, json]) => ({ text, json })),
        { text: 'nothing', json: null },
      ]);
    });

    const found = async (json: PathCondition): Promise<Array<string | null | undefined>> => {
      const rows = await Sample.find({ where: { json }, orderBy: 'text' });
      return rows.map((row) => row.text);
    };
    const at = (value: PathCondition['eq']) => found({ path: ['a'], eq: value });

    it('tells text, numbers and booleans apart, and compares text by its bytes', async () => {
      expect(await at('x')).toEqual(['text']);
      expect(await at(1)).toEqual(['one']);
      expect(await at('1')).toEqual(['oneAsText']);
      expect(await at(true)).toEqual(['yes']);
      expect(await at(false)).toEqual(['no']);
      expect(await at('true')).toEqual([]);
      expect(await at('')).toEqual(['empty']);
      expect(await at('a"b\\c\n\u0001/é😀')).toEqual(['escaped']);
      expect(await at("x' OR 1=1 --")).toEqual([]);
    });

    it('compares numbers as doubles', async () => {
      expect(await at(0.1 + 0.2)).toEqual(['exact']);
      expect(await at(0.3)).toEqual([]);
      expect(await at(2 ** 60 + 2 ** 20)).toEqual(['big']);
      expect(await at(-3.0570797526685855e18)).toEqual(['long']);
      expect(await at(5e-324)).toEqual(['tiny']);
      expect(await at(1.7976931348623157e308)).toEqual(['huge']);
    });

    it('compares numbers as doubles however they were written', async () => {
      const { id } = await Sample.save({ text: 'by hand', json: {} });
      for (const written of ['1.0', '10e-1', '1']) {
        await db().execute('UPDATE samples SET json = ? WHERE id = ?', [`{ "a" : [ ${written} ] }`, id]);
        expect(await found({ path: ['a', 0], eq: 1 }), written).toEqual(['by hand']);
      }
      await Sample.delete(id);
    });

    it('takes names for members and numbers for places', async () => {
      expect(await found({ path: ['a', 'b', 0, 'c'], eq: 'deep' })).toEqual(['nested']);
      expect(await found({ path: ['a', 'b', 2, 0], eq: 3 })).toEqual(['nested']);
      expect(await found({ path: ['a', 'b', 0, 0], eq: 'deep' })).toEqual([]);
      expect(await found({ path: [0], eq: 'first' })).toEqual(['array']);
      expect(await found({ path: [0, 0], eq: 'first' })).toEqual([]);
      expect(await found({ path: [1, 0], eq: 'second' })).toEqual(['array']);
      expect(await found({ path: ['0'], eq: 'first' })).toEqual(['numbered']);
      expect(await found({ path: [], eq: 'first' })).toEqual(['bare']);
      expect(await found({ path: ['a"b\\c.d[0]$\n'], eq: 'odd' })).toEqual(['odd']);
      expect(await found({ path: [''], eq: 'no name' })).toEqual(['odd']);
      expect(await found({ path: ['é😀'], eq: 'plain' })).toEqual(['odd']);
    });

    it('is NULL where a path leads nowhere or to null, as a field without a value is', async () => {
      const without = ['array', 'bare', 'missing', 'none', 'nothing', 'numbered', 'odd'];
      const others = [...Object.keys(DOCUMENTS), 'nothing'].filter((name) => !without.includes(name)).sort();
      expect(await at(null)).toEqual(without);
      expect(await found({ path: ['a'], ne: null })).toEqual(others);
      const unequal = others.filter((name) => name !== 'one');
      expect(await found({ path: ['a'], ne: 1 })).toEqual(unequal);
      const negated = await Sample.find({ where: { not: { json: { path: ['a'], eq: 1 } } }, orderBy: 'text' });
      expect(negated.map((row) => row.text)).toEqual(unequal);
    });

    it('joins with other conditions', async () => {
      const where = {
        or: [{ json: { path: ['a'], eq: 'x' } }, { json: { path: ['a'], eq: true } }],
        text: { ne: 'no' },
      };
      expect(await Sample.count({ where })).toBe(2);
    });

    it('refuses paths and values that are none, and json as a whole', async () => {
      const refused: unknown[] = [
        { path: 'a', eq: 1 },
        { path: ['a'] },
        { path: [-1], eq: 1 },
        { path: [1.5], eq: 1 },
        { path: [{}], eq: 1 },
        { path: ['a'], eq: undefined },
        { path: ['a'], eq: { b: 1 } },
        { path: ['a'], eq: [1] },
        { path: ['a'], eq: 1n },
        { path: ['a'], eq: Number.NaN },
        { path: ['a'], eq: new Date() },
        { path: ['a'], eq: 'a\0' },
        { path: ['a\0'], eq: 'a' },
        { path: ['a'], gt: 1 },
        { a: 1 },
        ['x'],
        'first',
      ];
      for (const json of refused) {
        await expect(Sample.find({ where: { json } as never }), JSON.stringify(String(json))).rejects.toThrow(
          ValidationError,
        );
      }
    });
  });
}
