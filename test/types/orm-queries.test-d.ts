import { BelongsTo, Entity, Field, HasMany, Model } from 'app-kernel/orm';

@Entity({ table: 'typed_sales' })
class Sale extends Model {
  @Field({ type: 'integer' }) pieces!: number;
  @Field({ type: 'bigint' }) weight?: bigint | null;
  @Field({ type: 'decimal' }) price?: string | null;
  @Field({ type: 'datetime' }) soldAt?: Date | null;
  @Field({ type: 'json' }) lines?: string[];
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

/** Compiled, never run. */
export async function typedAggregates(): Promise<void> {
  const pieces = await Sale.sum('pieces', { where: { weight: { gt: 1n } } });
  same<typeof pieces, number>(true);
  const weight = await Sale.sum('weight');
  same<typeof weight, bigint>(true);
  const price = await Sale.sum('price');
  same<typeof price, string>(true);
  const each = [await Sale.avg('pieces'), await Sale.avg('weight')] as const;
  same<typeof each, readonly [number | null, string | null]>(true);
  const first = await Sale.min('soldAt');
  same<typeof first, Date | null>(true);
  const last = await Sale.max('price');
  same<typeof last, string | null>(true);
  // @ts-expect-error misspelt field
  await Sale.sum('peices');
  // @ts-expect-error times have no sum
  await Sale.sum('soldAt');
  // @ts-expect-error json has no sum
  await Sale.avg('lines');
  // @ts-expect-error json has no order
  await Sale.max('lines');
  // @ts-expect-error misspelt field in the filter
  await Sale.sum('pieces', { where: { prise: '1' } });
}

@Entity({ table: 'typed_shops' })
class Shop extends Model {
  @Field({ type: 'string' }) name!: string;
  @HasMany(() => Till, 'shopId') tills?: Till[];
  // @ts-expect-error misspelt field of the other entity
  @HasMany(() => Till, 'shoopId') others?: Till[];

  label(): string {
    return this.name;
  }
}

@Entity({ table: 'typed_tills' })
class Till extends Model {
  @Field({ type: 'integer' }) cash!: number;
  @Field({ type: 'string', references: () => Shop }) shopId?: string | null;
  @BelongsTo('shopId') shop?: Shop | null;
  // @ts-expect-error misspelt field of this entity
  @BelongsTo('shoppId') other?: Shop | null;
}

/** Compiled, never run. */
export async function typedRelations(): Promise<void> {
  const [plain] = await Shop.find();
  const shop: Shop | undefined = plain;
  plain?.label();
  // @ts-expect-error not included
  plain?.tills.length;

  const [full] = await Shop.find({
    include: { tills: { where: { cash: { gt: 1 } }, orderBy: { cash: 'desc' }, limit: 2 } },
  });
  const cash: number | undefined = full?.tills[0]?.cash;
  full?.label();
  // @ts-expect-error not included
  full?.others;
  // @ts-expect-error not included further down
  full?.tills.map((till) => till.shop.name);

  const till = await Till.getOrThrow('id', { include: { shop: { select: ['name'], include: { tills: true } } } });
  const name: string | undefined = till.shop?.name;
  const inner: number | undefined = till.shop?.tills[0]?.cash;
  // @ts-expect-error a row may belong to none
  till.shop.name;
  // @ts-expect-error not selected
  till.shop?.label();

  const page = await Till.findPage({ select: ['cash'], include: { shop: true } });
  page.items[0]?.shop?.label();
  // @ts-expect-error not selected
  page.items[0]?.shopId;

  // @ts-expect-error misspelt relation
  await Till.find({ include: { shopp: true } });
  // @ts-expect-error misspelt relation beside another one
  await Till.find({ include: { shop: true, shopp: true } });
  // @ts-expect-error misspelt relation further down
  await Till.find({ include: { shop: { include: { till: true } } } });
  // @ts-expect-error misspelt option
  await Shop.find({ include: { tills: { limitt: 1 } } });
  // @ts-expect-error one row has no limit
  await Till.find({ include: { shop: { limit: 1 } } });
  // @ts-expect-error misspelt field in the filter of a relation
  await Shop.find({ include: { tills: { where: { cash: 1, cahs: 1 } } } });
  // @ts-expect-error misspelt field in the order of a relation
  await Shop.find({ include: { tills: { orderBy: { cahs: 'asc' } } } });
  // @ts-expect-error misspelt field in the selection of a relation
  await Shop.find({ include: { tills: { select: ['cahs'] } } });
  // @ts-expect-error a relation is no field
  await Till.save({ cash: 1, shop: null });
  // @ts-expect-error a relation is no condition
  await Till.find({ where: { shop: null } });
  // @ts-expect-error a relation has no order
  await Till.find({ orderBy: { shop: 'asc' } });
  // @ts-expect-error a relation is not selected but included
  await Till.find({ select: ['shop'] });
  const [then] = await Till.asOf(new Date()).find({ include: { shop: true } });
  const thenName: string | undefined = then?.shop?.name;
  // @ts-expect-error misspelt relation of the past
  await Till.asOf(new Date()).find({ include: { shopp: true } });
  // @ts-expect-error a relation of the past that was not included
  void (await Till.asOf(new Date()).get('t'))?.shop?.name;
  await Till.save(till);
  void [shop, cash, name, inner, thenName];
}
