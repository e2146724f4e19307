import { beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { ownDatabase } from '../servers/own-database.js';

@Entity({ table: 'papers', unique: [['title', 'body', 'author', 'place', 'year']], indexes: [['body', 'title']] })
class Paper extends Model {
  @Field({ type: 'string' }) title!: string;
  @Field({ type: 'text' }) body!: string;
  @Field({ type: 'string' }) author!: string;
  @Field({ type: 'string' }) place!: string;
  @Field({ type: 'string' }) year!: string;
  @Field({ type: 'string', length: 2_000, unique: true }) slug!: string;
}

export function describeTextKeys(): void {
  describe('keys of long text', () => {
    const { open } = ownDatabase('mysql');
    let db: Database;
    beforeAll(async () => {
      db = await open({ entities: [Paper] });
      await db.migrate();
    });

    it('are unique by all of their text, among living rows', async () => {
      const slug = 'x'.repeat(1_999);
      const first = await Paper.save({ slug: `${slug}a` }, { db });
      await Paper.save({ slug: `${slug}b` }, { db });
      const twice = Paper.save({ slug: `${slug}a` }, { db });
      await expect(twice).rejects.toMatchObject({ kind: 'unique', columns: ['slug'], constraint: 'uq_papers_slug' });
      await Paper.softDelete(first.id, { db });
      await Paper.save({ slug: `${slug}a` }, { db });
      const whole = { title: 't', body: 'long '.repeat(2_000), author: 'a', place: 'p', year: 'y' };
      await Paper.save(whole, { db });
      await expect(Paper.save(whole, { db })).rejects.toMatchObject({
        columns: ['title', 'body', 'author', 'place', 'year'],
      });
      await Paper.save({ ...whole, body: `${whole.body}.` }, { db });
    });

    it('leave nothing to plan, and show in no read', async () => {
      expect(String(await db.plan())).toBe('Nothing to do.');
      expect(await db.orphans()).toEqual({ orphanTables: [], orphanColumns: {} });
      const [row] = await db.query('SELECT * FROM papers LIMIT 1');
      expect(Object.keys(row ?? {}).filter((name) => /^_(live|hash)_/.test(name))).toEqual([]);
    });
  });
}
