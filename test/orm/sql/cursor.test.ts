import { expect, it } from 'vitest';
import { entityMeta } from '../../../src/orm/entity/registry.js';
import { Entity, Field, Model, ValidationError } from '../../../src/orm/index.js';
import { entityPlan } from '../../../src/orm/sql/entity-plan.js';
import { decodeCursor, encodeCursor } from '../../../src/orm/sql/read/cursor.js';
import { readOrder } from '../../../src/orm/sql/read/order-by.js';
import { sqliteDialect } from '../../../src/orm/sqlite/dialect.js';

@Entity({ table: 'cursors' })
class Placed extends Model {
  @Field({ type: 'string', length: 5 }) name!: string;
  @Field({ type: 'bigint' }) big!: bigint;
  @Field({ type: 'datetime' }) at!: Date;
}

const plan = entityPlan(entityMeta(Placed), sqliteDialect);
const order = readOrder(plan, 'name, big desc, at');
const roundTrip = (values: unknown[]) => decodeCursor(plan, order, 'after', encodeCursor(plan, order, values as never));

it('carries values of every type', () => {
  const values = ['a', 2n ** 60n + 1n, '2026-01-02T03:04:05.678Z'];
  expect(roundTrip(values)).toEqual(values);
  expect(roundTrip([null, null, null])).toEqual([null, null, null]);
});

it('carries no value that its field would refuse, though its checksum be right', () => {
  const forged = [
    ['longer than five', 1n, null],
    [{ $ne: 1 }, 1n, null],
    [['a'], 1n, null],
    ['a', '1 OR 1 = 1', null],
    ['a', {}, null],
    ['a', 1.5, null],
    ['a', 1n, 'yesterday'],
    ['a', 1n],
    ['a', 1n, null, null],
  ];
  for (const values of forged) expect(() => roundTrip(values), String(values)).toThrow(ValidationError);
});
