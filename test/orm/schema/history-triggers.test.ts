import { afterEach, describe, expect, it } from 'vitest';
import { type Database, Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

@Entity({ table: 'items' })
class Item extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0 }) amount!: number;
}

@Entity({ table: 'items' })
class ColouredItem extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0 }) amount!: number;
  @Field({ type: 'string' }) colour?: string;
}

@Entity({ table: 'items' })
class NamedItem extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
}

@Entity({ table: 'items' })
class CheckedItem extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'text', check: "[amount] <> ''" }) amount!: string;
}

@Entity({ table: 'items', history: false })
class ForgetfulItem extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0 }) amount!: number;
}

/** PostgreSQL writes row and version in one statement and needs no triggers. */
for (const backend of BACKENDS.filter(({ name }) => name !== 'postgres' && name !== 'sqlite in memory')) {
  describe(`triggers that record versions on ${backend.name}`, () => {
    const opened: Database[] = [];
    afterEach(async () => {
      for (const db of opened.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const migrated = async (entity: EntityTarget, allowDrops: string[] = []): Promise<Database> => {
      const [first] = opened;
      const options = { entities: [entity] };
      const db = (await (first ? backend.reconnect?.(first, options) : backend.connect(options))) as Database;
      opened.push(db);
      await db.migrate({ allowDrops });
      return db;
    };
    const amounts = async (id: string, db: Database): Promise<unknown[]> =>
      (await Item.history(id, { db })).map(({ version, amount }) => [version, amount]);

    it('record every row of a statement that raises the version', async () => {
      const db = await migrated(Item);
      const rows = await Item.saveMany([{ name: 'a' }, { name: 'b' }], { db });
      await db.execute('UPDATE items SET amount = amount + 5, _version = _version + 1');
      for (const { id } of rows)
        expect(await amounts(id, db)).toEqual([
          [2, 5],
          [1, 0],
        ]);
    });

    it('record nothing of a statement that leaves the version', async () => {
      const db = await migrated(Item);
      const { id } = await Item.save({ name: 'a' }, { db });
      await db.execute('UPDATE items SET amount = 5');
      expect(await amounts(id, db)).toEqual([[1, 0]]);
    });

    it('give each version the time and the user of its row, and a comment to none but its own', async () => {
      const db = await migrated(Item);
      const { id } = await Item.save({ name: 'a' }, { db, comment: 'born' });
      await Item.update(id, { amount: 1 }, { db });
      await Item.update(id, { amount: 2 }, { db, comment: 'why not' });
      const versions = await Item.history(id, { db });
      expect(versions.map(({ historyComment }) => historyComment)).toEqual(['why not', null, 'born']);
      for (const one of versions) {
        expect(one.historyTimestamp).toEqual(one.updatedAt);
        expect(one.historyUserId).toBe(one.updatedBy);
      }
    });

    it('follow the columns, and record one that is declared no more as long as it is there', async () => {
      const first = await migrated(Item);
      const { id } = await Item.save({ name: 'a' }, { db: first });
      const second = await migrated(ColouredItem);
      await ColouredItem.update(id, { colour: 'red' }, { db: second });
      const third = await migrated(NamedItem);
      await ColouredItem.update(id, { colour: 'blue', amount: 3 }, { db: second });
      const colours = (await ColouredItem.history(id, { db: second })).map(({ colour }) => colour);
      expect(colours).toEqual(['blue', 'red', null]);
      await third.migrate({ allowDrops: ['items.colour', 'items_history.colour'] });
      await NamedItem.update(id, { name: 'b' }, { db: third });
      expect(await amounts(id, first)).toEqual([
        [4, 3],
        [3, 3],
        [2, 0],
        [1, 0],
      ]);
      expect((await third.plan()).steps).toEqual([]);
    });

    it('go on through a change of type, of table and of history', async () => {
      const first = await migrated(Item);
      const { id } = await Item.save({ name: 'a', amount: 7 }, { db: first });
      const db = await migrated(CheckedItem, ['items.amount', 'items_history.amount']);
      await CheckedItem.update(id, { amount: 'many' }, { db });
      const versions = await CheckedItem.history(id, { db });
      expect(versions.map(({ version, amount }) => [version, amount])).toEqual([
        [2, 'many'],
        [1, '7'],
      ]);
      expect((await db.plan()).steps).toEqual([]);
    });

    it('come back when someone has dropped or changed one', async () => {
      const db = await migrated(Item);
      await db.execute('DROP TRIGGER record_items_update');
      expect((await db.plan()).steps.map(({ description }) => description)).toEqual([
        'create trigger record_items_update of items',
      ]);
      await db.execute(
        `CREATE TRIGGER record_items_update AFTER UPDATE ON items FOR EACH ROW BEGIN DELETE FROM items_history; END`,
      );
      await db.migrate({ verify: true });
      const { id } = await Item.save({ name: 'a' }, { db });
      await Item.update(id, { amount: 1 }, { db });
      expect(await amounts(id, db)).toEqual([
        [2, 1],
        [1, 0],
      ]);
      expect((await db.plan()).steps).toEqual([]);
    });

    it('go when the entity stops keeping its history', async () => {
      const first = await migrated(Item);
      const { id } = await Item.save({ name: 'a' }, { db: first });
      const db = await migrated(ForgetfulItem);
      await ForgetfulItem.update(id, { amount: 1 }, { db });
      expect(await amounts(id, first)).toEqual([[1, 0]]);
      await db.migrate({ allowDrops: ['items_history'] });
      await ForgetfulItem.update(id, { amount: 2 }, { db });
      expect((await db.plan()).steps).toEqual([]);
    });

    it('leave the triggers of others alone, whatever becomes of the table', async () => {
      const first = await migrated(Item);
      const { id } = await Item.save({ name: 'a', amount: 7 }, { db: first });
      await first.execute('CREATE TABLE seen (name VARCHAR(10))');
      await first.execute(
        `CREATE TRIGGER by_hand AFTER UPDATE ON items FOR EACH ROW BEGIN INSERT INTO seen VALUES (NEW.name); END`,
      );
      const db = await migrated(CheckedItem, ['items.amount', 'items_history.amount']);
      await CheckedItem.update(id, { name: 'b' }, { db });
      expect(await db.query('SELECT name FROM seen')).toEqual([{ name: 'b' }]);
    });
  });
}
