import { afterEach, expect, it } from 'vitest';
import {
  connect,
  type Database,
  databaseFor,
  dbContext,
  Entity,
  type EntityTarget,
  Field,
  Model,
} from '../../../src/orm/index.js';

@Entity({ table: 'reds' })
class Red extends Model {
  @Field({ type: 'string' }) name!: string;
}
@Entity({ table: 'blues' })
class Blue extends Model {
  @Field({ type: 'string' }) name!: string;
}

const open: Database[] = [];
afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
});
async function fresh(...entities: EntityTarget[]): Promise<Database> {
  const db = await connect('sqlite::memory:', { entities });
  open.push(db);
  await db.migrate();
  return db;
}

it('says what to do while no database is open', async () => {
  await expect(Red.find()).rejects.toThrow(/No database is open for Red; call connect/);
  await expect(dbContext(() => 1)).rejects.toThrow(/call connect/);
});

it('takes the newest open database that lists the entity', async () => {
  const older = await fresh(Red);
  const newer = await fresh(Red);
  await fresh(Blue);
  await Red.save({ name: 'x' });
  expect([await Red.count({ db: older }), await Red.count({ db: newer })]).toEqual([0, 1]);
  await newer.close();
  expect(await Red.count()).toBe(0);
});

it('takes the ambient database before a newer one', async () => {
  const older = await fresh(Red);
  const newer = await fresh(Red);
  await dbContext(
    async () => {
      await Red.save({ name: 'x' });
    },
    { db: older },
  );
  expect([await Red.count({ db: older }), await Red.count({ db: newer })]).toEqual([1, 0]);
  expect(await older.context(() => databaseFor(Red).countEntities('reds'))).toBe(1);
  expect(await databaseFor(Red).countEntities('reds')).toBe(0);
});

it('goes past an ambient database that does not list the entity, to an outer one', async () => {
  const reds = await fresh(Red);
  const blues = await fresh(Blue);
  const failed = reds.context(async () => {
    await blues.context(async () => {
      await Red.save({ name: 'in the outer transaction' });
      await Blue.save({ name: 'b' });
    });
    throw new Error('undo');
  });
  await expect(failed).rejects.toThrow('undo');
  expect([await Red.count({ db: reds }), await Blue.count({ db: blues })]).toEqual([0, 1]);
});

it('finds every declared entity where none are listed', async () => {
  const db = await connect('sqlite::memory:');
  open.push(db);
  expect(db.entities).toEqual(expect.arrayContaining([Red, Blue]));
});
