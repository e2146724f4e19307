import { connect, dbContext, Entity, Field, Model, type Page } from 'app-kernel/orm';

@Entity({ table: 'typed_products' })
class Product extends Model {
  @Field({ type: 'string' }) name!: string;
  @Field({ type: 'integer' }) price!: number;
  @Field({ type: 'json' }) tags?: string[];
  @Field({ type: 'bigint' }) big?: bigint | null;
  @Field({ type: 'string' }) status!: 'draft' | 'published';
  @Field({ type: 'json' }) anything?: unknown;
  @Field({ type: 'datetime' }) soldAt?: Date | null;

  label(): string {
    return `${this.name}: ${this.price}`;
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

/** Compiled, never run. */
export async function typedVerbs(): Promise<void> {
  const saved = await Product.save({ name: 'a', price: 1, tags: null, soldAt: new Date() });
  same<typeof saved, Product>(true);
  saved.label();

  // @ts-expect-error misspelt field
  await Product.save({ nmae: 'a' });
  // @ts-expect-error wrong value type
  await Product.save({ price: '1' });
  // @ts-expect-error methods are no fields
  await Product.save({ label: () => 'x' });
  // @ts-expect-error misspelt field in matchBy
  await Product.save({ name: 'a' }, { matchBy: ['nmae'] });
  // @ts-expect-error misspelt field in a single matchBy
  await Product.save({ name: 'a' }, { matchBy: 'nmae' });
  // @ts-expect-error wrong value type in saveMany
  await Product.saveMany([{ name: 1 }]);

  const updated = await Product.update('id', { price: 2 });
  same<typeof updated, Product | null>(true);
  // @ts-expect-error misspelt field
  await Product.update('id', { prise: 2 });
  // @ts-expect-error kept by the ORM itself
  await Product.update('id', { version: 2 });
  // @ts-expect-error ids are text
  await Product.get(5);

  const found = await Product.find({ where: { price: { gt: 1, in: [1, 2] }, name: { startsWith: 'a' }, big: 5n } });
  same<typeof found, Product[]>(true);
  await Product.find({ where: { or: [{ name: 'a' }, { not: { price: 1 } }], tags: null } });
  await Product.find({ where: 'price > ?', params: [1], orderBy: 'name desc' });
  await Product.find({ where: { tags: { path: [0], eq: 'red' }, status: { in: ['draft', 'published'] } } });
  await Product.find({ where: { anything: { path: ['a', 0, 'b'], ne: null }, status: 'draft' } });
  await Product.find({ where: { tags: { isNull: false } } });
  // @ts-expect-error json is compared by what is inside it
  await Product.find({ where: { tags: ['red'] } });
  // @ts-expect-error what a path leads to is compared with a scalar
  await Product.find({ where: { tags: { path: [0], eq: ['red'] } } });
  // @ts-expect-error json has no order
  await Product.find({ where: { tags: { gt: 'red' } } });
  // @ts-expect-error no member of the union
  await Product.find({ where: { status: { in: ['drafts'] } } });
  // @ts-expect-error paths are for json
  await Product.find({ where: { name: { path: ['a'], eq: 'b' } } });
  // @ts-expect-error misspelt field in a filter
  await Product.find({ where: { nmae: 'a' } });
  // @ts-expect-error misspelt field in a nested filter
  await Product.find({ where: { or: [{ nmae: 'a' }] } });
  // @ts-expect-error wrong value type in a filter
  await Product.find({ where: { price: 'a' } });
  // @ts-expect-error wrong value type in a condition
  await Product.find({ where: { price: { gt: 'a' } } });
  // @ts-expect-error unknown condition
  await Product.find({ where: { price: { over: 1 } } });
  // @ts-expect-error patterns are for text
  await Product.find({ where: { price: { like: 'a%' } } });
  // @ts-expect-error misspelt field in orderBy
  await Product.find({ orderBy: { nmae: 'asc' } });
  // @ts-expect-error unknown direction
  await Product.find({ orderBy: { name: 'up' } });
  // @ts-expect-error misspelt field in select
  await Product.find({ select: ['nmae'] });
  // @ts-expect-error unknown option
  await Product.find({ limitt: 5 });

  const [narrow] = await Product.find({ select: ['name', 'price'] });
  same<typeof narrow, Pick<Product, 'name' | 'price'> | undefined>(true);
  // @ts-expect-error not selected
  narrow?.tags;
  const one = await Product.findOne({ select: ['name'] });
  same<typeof one, Pick<Product, 'name'> | null>(true);

  const firstPage = await Product.findPage({
    where: { price: 1 },
    orderBy: { price: 'desc' },
    after: 'cursor',
    select: ['name'],
  });
  same<typeof firstPage, Page<Pick<Product, 'name'>>>(true);
  // @ts-expect-error there is no page behind the last one
  await Product.findPage({ after: firstPage.nextCursor });
  // @ts-expect-error pages are found by cursors
  await Product.findPage({ offset: 5 });
  // @ts-expect-error json has no order
  await Product.find({ orderBy: { tags: 'asc' } });
  const versions = await Product.history('id');
  const at: Date | undefined = versions[0]?.historyTimestamp;
  const label: string | undefined = versions[0]?.label();
  const diff = await Product.diff('id', 1, 2);
  same<typeof diff.price, [number | null, number | null] | undefined>(true);
  const changed = await Product.updateMany({ price: { gt: 1 } }, { name: 'a' }, { comment: 'all' });
  same<typeof changed, number>(true);
  await Product.deleteMany('price > ?', { params: [1], includeDeleted: true });
  await Product.softDeleteMany({}, { all: true });
  // @ts-expect-error misspelt field in the condition
  await Product.updateMany({ prise: 1 }, { name: 'a' });
  // @ts-expect-error misspelt field in the changes
  await Product.updateMany({ price: 1 }, { nmae: 'a' });
  // @ts-expect-error kept by the ORM itself
  await Product.updateMany({ price: 1 }, { version: 2 });
  // @ts-expect-error a condition is needed
  await Product.deleteMany();
  // @ts-expect-error hidden rows are the only ones to restore
  await Product.restoreMany({ price: 1 }, { includeDeleted: true });
  const page = await Product.history('id', { limit: 10, before: 5 });
  same<typeof page, typeof versions>(true);
  const reverted = await Product.revertTo('id', 1, { comment: 'undo' });
  same<typeof reverted, Product>(true);
  // @ts-expect-error versions are numbers
  await Product.revertTo('id', '1');
  const past = await Product.asOf(new Date()).find({ where: { price: 1 } });
  same<typeof past, Product[]>(true);
  // @ts-expect-error misspelt field in the past
  await Product.asOf(new Date()).find({ where: { prize: 1 } });
  // @ts-expect-error a moment is a Date
  Product.asOf('2026-01-01');
  for await (const row of Product.stream({ batchSize: 5 })) same<typeof row, Product>(true);
  void [at, label];

  const db = await connect('sqlite::memory:', { entities: [Product] });
  const answer = await dbContext(async (handle) => {
    await Product.get('id', { db: handle });
    return handle.query<{ n: number }>('SELECT 1 AS n');
  });
  same<typeof answer, Array<{ n: number }>>(true);
  db.on('write', (event) => event.action === 'create');
  // @ts-expect-error unknown event
  db.on('read', () => {});
  // @ts-expect-error no entity
  await connect('sqlite::memory:', { entities: ['Product'] });
}

// @ts-expect-error unknown field type
Field({ type: 'strnig' });
// @ts-expect-error unknown option
Field({ nulable: true });
// @ts-expect-error a table is needed
Entity({});
