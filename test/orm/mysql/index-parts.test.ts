import { expect, it } from 'vitest';
import type { TableShape } from '../../../src/orm/dialect/shape.js';
import { indexParts } from '../../../src/orm/mysql/schema/index-parts.js';
import { widens } from '../../../src/orm/mysql/schema/widening.js';

const TYPES = {
  a: 'varchar(255)',
  b: 'varchar(255)',
  c: 'varchar(255)',
  d: 'varchar(768)',
  e: 'longtext',
  f: 'bigint',
};
const table: TableShape = {
  name: 't',
  columns: Object.entries(TYPES).map(([name, type]) => ({ name, type, nullable: true, default: undefined })),
  primaryKey: ['id'],
  checks: [],
  foreignKeys: [],
  indexes: [],
  triggers: [],
};
const parts = (columns: string[], unique: boolean, liveOnly = false): string[] =>
  indexParts(table, { name: `i_${columns.join('_')}`, columns, unique, liveOnly }).map(({ sql }) => sql);

it('indexes whole columns while they fit into 3072 bytes', () => {
  expect(parts(['a', 'b', 'c'], true)).toEqual(['`a`', '`b`', '`c`']);
  expect(parts(['f', 'a'], false)).toEqual(['`f`', '`a`']);
  expect(parts(['a'], true, true)).toEqual(['`a`', expect.stringMatching(/^`_live_[0-9a-f]{12}`$/)]);
});

it('covers all of a long text where it must be unique, and its beginning where it need not', () => {
  expect(parts(['e'], true)).toEqual([expect.stringMatching(/^`_hash_[0-9a-f]{12}`$/)]);
  expect(parts(['a', 'e'], true)).toEqual(['`a`', expect.stringMatching(/^`_hash_/)]);
  expect(parts(['e'], false)).toEqual(['`e`(767)']);
  const characters = parts(['a', 'd', 'e', 'f'], false).map((sql) => Number(/\((\d+)\)/.exec(sql)?.[1] ?? 0));
  expect(characters.reduce((sum, one) => sum + one * 4 + 2, 24)).toBeLessThanOrEqual(3072);
});

it('lets a type change by itself only where no value can be lost', () => {
  for (const [from, to] of [
    ['varchar(20)', 'varchar(21)'],
    ['varchar(20)', 'longtext'],
    ['varchar(20) collate latin1_swedish_ci', 'varchar(20)'],
    ['char(36)', 'varchar(37)'],
    ['int', 'bigint'],
    ['decimal(10,2)', 'decimal(12,4)'],
  ] as const)
    expect([from, to, widens(from, to), widens(to, from)].join()).toBe(
      [from, to, true, from.includes('collate')].join(),
    );
  for (const [from, to] of [
    ['decimal(10,2)', 'decimal(10,4)'],
    ['longtext', 'longblob'],
    ['varchar(20)', 'bigint'],
    ['bigint', 'double'],
  ] as const)
    expect(widens(from, to)).toBe(false);
});
