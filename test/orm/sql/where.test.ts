import { expect, it } from 'vitest';
import { entityMeta } from '../../../src/orm/entity/registry.js';
import { Entity, Field, Model } from '../../../src/orm/index.js';
import { entityPlan } from '../../../src/orm/sql/entity-plan.js';
import { placeholders } from '../../../src/orm/sql/read/fragment.js';
import { readWhere } from '../../../src/orm/sql/read/where.js';
import { sqliteDialect } from '../../../src/orm/sqlite/dialect.js';

@Entity({ table: 'shapes' })
class Shape extends Model {
  @Field({ type: 'string' }) name!: string;
  @Field({ type: 'integer' }) size!: number;
}

const plan = entityPlan(entityMeta(Shape), sqliteDialect);
const numbered = placeholders({ placeholder: (position) => `$${position}` });
const read = (where: string | object, params?: readonly unknown[]) => {
  const { shape, values, write } = readWhere(plan, where, params);
  return { shape, values, sql: write(numbered).replace(/\$\d+/g, '?') };
};

const FILTERS: ReadonlyArray<object | [string, ...unknown[]]> = [
  {},
  { name: 'a' },
  { name: 'b' },
  { name: { eq: 'a' } },
  { name: { ne: 'a' } },
  { size: 1 },
  { name: 'a', size: 1 },
  { and: [{ name: 'a' }, { size: 1 }] },
  { or: [{ name: 'a' }, { size: 1 }] },
  { or: [{ name: 'a', size: 1 }] },
  { or: [{ name: 'a' }], size: 1 },
  { or: [] },
  { or: [{}] },
  { not: { name: 'a' } },
  { not: { name: 'a', size: 1 } },
  { not: { name: 'a' }, size: 1 },
  { not: { not: { name: 'a' } } },
  { name: null },
  { name: { ne: null } },
  { name: { isNull: false } },
  { size: { in: [1, 2] } },
  { size: { in: [1, 2, 3] } },
  { size: { notIn: [1, 2, 3] } },
  { size: { in: [] } },
  { size: { gt: 1, lt: 2 } },
  { size: { lt: 1, gt: 2 } },
  { size: { between: [1, 2] } },
  { name: { like: 'a' } },
  { name: { contains: 'b' } },
  ['name = ?', 'a'],
  ['name = ? ', 'a'],
  ["name = 'x'"],
  ['name = ? AND [size] = ?', 'a', 1],
];

const readAny = (filter: (typeof FILTERS)[number]) =>
  Array.isArray(filter) ? read(filter[0] as string, filter.slice(1)) : read(filter);

it('gives one shape to conditions of one text, and no shape to two', () => {
  for (const left of FILTERS.map(readAny)) {
    for (const right of FILTERS.map(readAny)) {
      if (left.shape === right.shape) expect(left.sql).toBe(right.sql);
      if (left.sql !== right.sql) expect(left.shape).not.toBe(right.shape);
    }
  }
  expect(readAny({ name: 'a' }).shape).toBe(readAny({ name: 'b' }).shape);
});

it('has as many values as its text has parameters', () => {
  for (const filter of FILTERS) {
    const { sql, values } = readAny(filter);
    expect(values, sql).toHaveLength(sql.split('?').length - 1);
  }
});

it('lets lists of many lengths share a statement', () => {
  const list = (length: number) => read({ size: { in: Array.from({ length }, (_, index) => index) } });
  expect(list(9).shape).toBe(list(16).shape);
  expect(list(9).values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8]);
  expect(list(16).shape).not.toBe(list(17).shape);
});
