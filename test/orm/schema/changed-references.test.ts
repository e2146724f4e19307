import { afterEach, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, type FieldOptions, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

@Entity({ table: 'shelves' })
class Shelf extends Model {
  @Field({ type: 'string' }) label?: string | null;
}

function bookWith(shelfId: FieldOptions): typeof Model {
  class Book extends Model {}
  Field(shelfId)(Book.prototype, 'shelfId');
  Entity({ table: 'books' })(Book);
  return Book;
}

const SHELF = { references: () => Shelf };

for (const backend of BACKENDS.filter(({ reconnect }) => reconnect)) {
  describe(`a reference that changes, on ${backend.name}`, () => {
    const opened: Database[] = [];
    afterEach(async () => {
      for (const db of opened.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const migrated = async (shelfId: FieldOptions, largeTableRows = 100_000): Promise<Database> => {
      const [first] = opened;
      const options = { entities: [Shelf, bookWith(shelfId)], largeTableRows };
      const db = (await (first ? backend.reconnect?.(first, options) : backend.connect(options))) as Database;
      opened.push(db);
      expect((await db.migrate()).warnings).toEqual([]);
      expect(String(await db.plan())).toBe('Nothing to do.');
      return db;
    };
    const rows = (db: Database): Promise<object[]> => db.query('SELECT id, shelf_id FROM books ORDER BY id');

    for (const largeTableRows of [100_000, 0]) {
      it(`follows another rule from then on, with tables from ${largeTableRows} rows on taken for large`, async () => {
        const first = await migrated({ type: 'string', ...SHELF }, largeTableRows);
        await first.saveEntities('shelves', [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
        await first.saveEntities(
          'books',
          ['a', 'b', 'c', 'd'].map((id) => ({ id, shelfId: id })),
        );
        await expect(first.execute("DELETE FROM shelves WHERE id = 'a'")).rejects.toMatchObject({
          kind: 'foreign_key',
        });

        const cascading = await migrated({ type: 'string', ...SHELF, onDelete: 'cascade' }, largeTableRows);
        await cascading.execute("DELETE FROM shelves WHERE id = 'a'");
        expect(await rows(cascading)).toMatchObject([{ id: 'b' }, { id: 'c' }, { id: 'd' }]);

        const clearing = await migrated({ type: 'string', ...SHELF, onDelete: 'set null' }, largeTableRows);
        await clearing.execute("DELETE FROM shelves WHERE id = 'b'");
        expect((await rows(clearing))[0]).toEqual({ id: 'b', shelf_id: null });

        const none = await migrated({ type: 'string' }, largeTableRows);
        await none.execute("DELETE FROM shelves WHERE id = 'c'");
        await none.execute("UPDATE books SET shelf_id = 'd' WHERE id = 'c'");

        const again = await migrated({ type: 'string', ...SHELF }, largeTableRows);
        await expect(again.execute("DELETE FROM shelves WHERE id = 'd'")).rejects.toMatchObject({
          kind: 'foreign_key',
        });
      });
    }

    for (const largeTableRows of [100_000, 0]) {
      it(`stays while its field changes, with tables from ${largeTableRows} rows on taken for large`, async () => {
        const first = await migrated({ type: 'string', length: 40, ...SHELF }, largeTableRows);
        await first.saveEntity('shelves', { id: 'a' });
        await first.saveEntity('books', { id: 'a', shelfId: 'a' });
        const shapes: FieldOptions[] = [
          { type: 'string', length: 60 },
          { type: 'string', nullable: false },
          { type: 'string', nullable: false, onDelete: 'cascade' },
          { type: 'string', onDelete: 'set null' },
          { type: 'string', unique: true, nullable: false },
          { type: 'string', length: 50, default: 'a' },
        ];
        for (const shape of shapes) {
          const db = await migrated({ ...shape, ...SHELF }, largeTableRows);
          const dangling = db.execute("UPDATE books SET shelf_id = 'nowhere'");
          await expect(dangling, JSON.stringify(shape)).rejects.toMatchObject({ kind: 'foreign_key' });
        }
      });
    }

    it('lets go of a required column that no field declares any more', async () => {
      await migrated({ type: 'string', nullable: false, ...SHELF });
      class Bare extends Model {}
      Entity({ table: 'books' })(Bare);
      const db = (await backend.reconnect?.(opened[0] as Database, { entities: [Shelf, Bare] })) as Database;
      opened.push(db);
      await db.migrate();
      expect((await db.plan()).steps).toEqual([]);
      await Bare.save({ id: 'a' }, { db });
      await db.execute("UPDATE books SET shelf_id = 'nowhere'");
    });

    it('may begin as a plain uuid', async () => {
      const id = '01890a5d-ac96-774b-bcce-b302099a8057';
      const first = await migrated({ type: 'uuid' });
      await first.saveEntity('shelves', { id });
      await first.saveEntity('books', { id: 'a', shelfId: id });
      const db = await migrated({ type: 'uuid', ...SHELF });
      expect(await db.entityVersion('books', 'a', 1)).toMatchObject({ shelfId: id });
      expect(await db.findEntity('books', 'a')).toMatchObject({ shelfId: id });
      await expect(db.execute('DELETE FROM shelves')).rejects.toMatchObject({ kind: 'foreign_key' });
    });
  });
}
