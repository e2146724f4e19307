import { cached, Entity, Field, getCache, Model } from 'app-kernel';
import { afterEach, expect, it } from 'vitest';
import { releaseServices, startedService } from './setup/fresh-service.js';

afterEach(releaseServices);

@Entity({ table: 'tagged_products' })
class TaggedProduct extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
}

it('what was cached of a table, or of a row, is void once the row has changed', async () => {
  const service = await startedService({ entities: [TaggedProduct] });
  const { database } = service.kernel;
  let lists = 0;
  const names = cached({ key: 'names', ttlSeconds: 60, tags: ['tagged_products'] }, async () => {
    lists += 1;
    return (await TaggedProduct.find({ orderBy: { name: 'asc' }, db: database })).map(({ name }) => name);
  });
  const one = await TaggedProduct.save({ name: 'tea' }, { db: database });
  const other = await TaggedProduct.save({ name: 'salt' }, { db: database });
  const row = () => getCache().getOrSet('row', () => ++lists, { ttlSeconds: 60, tags: [`tagged_products:${one.id}`] });

  expect([await names(), await names()]).toEqual([
    ['salt', 'tea'],
    ['salt', 'tea'],
  ]);
  expect([lists, await row()]).toEqual([1, 2]);
  await TaggedProduct.update(other.id, { name: 'sugar' }, { db: database });
  expect(await names()).toEqual(['sugar', 'tea']);
  expect(await row()).toBe(2);
  await TaggedProduct.softDelete(one.id, { db: database });
  expect(await names()).toEqual(['sugar']);
  expect(await row()).toBe(5);
});
