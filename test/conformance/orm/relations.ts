import { beforeAll, describe, expect, it } from 'vitest';
import {
  BelongsTo,
  type Database,
  dbContext,
  Entity,
  Field,
  HasMany,
  HasOne,
  Model,
  SchemaError,
  ValidationError,
  withoutTenant,
  withTenant,
} from '../../../src/orm/index.js';
import type { Backend } from './backend.js';

@Entity({ table: 'rel_authors' })
class Author extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @HasMany(() => Book, 'authorId') books?: Book[];
  @HasMany(() => Book, 'editorId') edited?: Book[];
  @HasOne(() => Portrait, 'authorId') portrait?: Portrait | null;
}

@Entity({ table: 'rel_portraits' })
class Portrait extends Model {
  @Field({ type: 'string', nullable: false, references: () => Author }) authorId!: string;
  @Field({ type: 'string' }) painter!: string;
}

@Entity({ table: 'rel_books' })
class Book extends Model {
  @Field({ type: 'string', nullable: false }) title!: string;
  @Field({ type: 'integer' }) year!: number | null;
  @Field({ type: 'string', references: () => Author }) authorId!: string | null;
  @Field({ type: 'uuid', references: () => Author }) editorId!: string | null;
  @BelongsTo('authorId') author?: Author | null;
  @BelongsTo('editorId') editor?: Author | null;
  @HasMany(() => Review, 'bookId') reviews?: Review[];
}

@Entity({ table: 'rel_reviews', tenant: 'site' })
class Review extends Model {
  @Field({ type: 'string', nullable: false, references: () => Book }) bookId!: string;
  @Field({ type: 'string', nullable: false }) site!: string;
  @Field({ type: 'integer' }) stars!: number;
  @BelongsTo('bookId') book?: Book | null;
}

@Entity({ table: 'rel_categories' })
class Category extends Model {
  @Field({ type: 'string' }) name!: string;
  @Field({ type: 'string', references: () => Category }) parentId!: string | null;
  @BelongsTo('parentId') parent?: Category | null;
  @HasMany(() => Category, 'parentId') children?: Category[];
}

const ENTITIES = [Author, Portrait, Book, Review, Category];

export function describeRelations(backend: Backend): void {
  describe('relations', () => {
    let db: Database;
    const sql: string[] = [];
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      db = await backend.connect({ entities: ENTITIES });
      await db.migrate();
      db.on('query', (event) => sql.push(event.sql));
      for (const name of ['austen', 'stoker', 'ghost']) ids[name] = (await Author.save({ name })).id;
      await Portrait.save({ authorId: ids.austen, painter: 'Cassandra' });
      const books: Array<[string, number | null, string, string | null]> = [
        ['Emma', 1815, 'austen', 'stoker'],
        ['Persuasion', 1817, 'austen', null],
        ['Sanditon', null, 'austen', null],
        ['Sense', 1811, 'austen', 'stoker'],
        ['Dracula', 1897, 'stoker', 'austen'],
      ];
      for (const [title, year, author, editor] of books)
        ids[title] = (await Book.save({ title, year, authorId: ids[author], editorId: editor && ids[editor] })).id;
      await Book.save({ title: 'Anonymous', year: 1700 });
      await withTenant('a', () => Review.saveMany([1, 2, 3].map((stars) => ({ bookId: ids.Emma, stars }))));
      await withTenant('b', () => Review.save({ bookId: ids.Emma, stars: 5 }));
      return async () => {
        await db.close();
        await backend.cleanUp();
      };
    });

    /** How many statements `work` takes. */
    async function counted<T>(work: () => Promise<T>): Promise<[T, number]> {
      sql.length = 0;
      const result = await work();
      return [result, sql.filter((text) => text.startsWith('SELECT')).length];
    }
    const titles = (rows: ReadonlyArray<{ title: string }>): string[] => rows.map((row) => row.title);

    it('read the row that a field names, one query for all', async () => {
      const [books, queries] = await counted(() =>
        Book.find({ orderBy: 'title', include: { author: true, editor: true } }),
      );
      expect(books.map((book) => [book.title, book.author?.name, book.editor?.name])).toEqual([
        ['Anonymous', undefined, undefined],
        ['Dracula', 'stoker', 'austen'],
        ['Emma', 'austen', 'stoker'],
        ['Persuasion', 'austen', undefined],
        ['Sanditon', 'austen', undefined],
        ['Sense', 'austen', 'stoker'],
      ]);
      expect(books[0]).toMatchObject({ author: null, editor: null });
      expect(books[1]?.author).toBeInstanceOf(Author);
      expect(queries).toBe(3);
    });

    it('read the rows that name this one, filtered, ordered and limited for each', async () => {
      const [authors, queries] = await counted(() =>
        Author.find({
          orderBy: 'name',
          include: { books: { where: { year: { gt: 1800 } }, orderBy: { year: 'desc' }, limit: 2 }, portrait: true },
        }),
      );
      expect(authors.map((author) => [author.name, titles(author.books), author.portrait?.painter])).toEqual([
        ['austen', ['Persuasion', 'Emma'], 'Cassandra'],
        ['ghost', [], undefined],
        ['stoker', ['Dracula'], undefined],
      ]);
      expect(authors[1]?.portrait).toBeNull();
      expect(queries).toBe(3);
      const [raw] = await Author.find({
        where: { name: 'austen' },
        include: { books: { where: '[year] < ? OR [year] IS NULL', params: [1815], orderBy: 'year', limit: 5 } },
      });
      expect(titles(raw?.books ?? [])).toEqual(['Sanditon', 'Sense']);
      const none = await Author.findOne({ where: { name: 'austen' }, include: { books: { limit: 0 } } });
      expect(none?.books).toEqual([]);
    });

    it('come in the order of their ids when none is asked for', async () => {
      const author = await Author.getOrThrow(ids.austen as string, { include: { books: true } });
      expect(titles(author.books)).toEqual(['Emma', 'Persuasion', 'Sanditon', 'Sense']);
      const first = await Author.getOrThrow(ids.austen as string, {
        include: { books: { limit: 3, orderBy: 'deletedAt' } },
      });
      expect(titles(first.books)).toEqual(['Emma', 'Persuasion', 'Sanditon']);
    });

    it('nest, one query for each level however many rows there are', async () => {
      const [authors, queries] = await counted(() =>
        withTenant('a', () =>
          Author.find({
            where: { name: { in: ['austen', 'stoker'] } },
            orderBy: 'name',
            include: {
              books: {
                orderBy: 'title',
                include: { editor: { include: { portrait: true } }, reviews: { orderBy: 'stars desc', limit: 2 } },
              },
            },
          }),
        ),
      );
      const [emma] = authors[0]?.books ?? [];
      expect([emma?.title, emma?.editor?.name, emma?.editor?.portrait]).toEqual(['Emma', 'stoker', null]);
      expect(emma?.reviews.map((review) => review.stars)).toEqual([3, 2]);
      expect(authors[1]?.books[0]?.editor?.portrait?.painter).toBe('Cassandra');
      expect(queries).toBe(5);
    });

    it('work in findOne, get, getOrThrow, findPage and inside a transaction', async () => {
      const include = { author: true } as const;
      expect((await Book.findOne({ where: { title: 'Emma' }, include }))?.author?.name).toBe('austen');
      expect((await Book.get(ids.Emma as string, { include }))?.author?.name).toBe('austen');
      expect((await Book.getOrThrow(ids.Emma as string, { include })).author?.name).toBe('austen');
      expect(await Book.get('nowhere', { include })).toBeNull();
      const first = await Book.findPage({ orderBy: 'title', limit: 2, include });
      const second = await Book.findPage({ orderBy: 'title', limit: 2, include, after: first.nextCursor as string });
      expect(second.items.map((book) => book.author?.name)).toEqual(['austen', 'austen']);
      await dbContext(
        async () => {
          await Author.update(ids.austen as string, { name: 'Jane' });
          expect((await Book.get(ids.Emma as string, { include }))?.author?.name).toBe('Jane');
          await Author.update(ids.austen as string, { name: 'austen' });
        },
        { db },
      );
    });

    it('leave out soft-deleted rows unless they are asked for', async () => {
      await Book.softDelete(ids.Sense as string);
      const of = async (includeDeleted: boolean) =>
        titles((await Author.getOrThrow(ids.austen as string, { include: { books: { includeDeleted } } })).books);
      expect(await of(false)).not.toContain('Sense');
      expect(await of(true)).toContain('Sense');
      await Book.restore(ids.Sense as string);
      await Author.softDelete(ids.stoker as string);
      const dracula = () => Book.findOne({ where: { title: 'Dracula' }, include: { author: true } });
      expect((await dracula())?.author).toBeNull();
      const found = await Book.findOne({ where: { title: 'Dracula' }, include: { author: { includeDeleted: true } } });
      expect(found?.author?.name).toBe('stoker');
      await Author.restore(ids.stoker as string);
    });

    it('keep to the tenant', async () => {
      const stars = () => Book.getOrThrow(ids.Emma as string, { include: { reviews: { orderBy: 'stars' } } });
      expect((await withTenant('b', stars)).reviews.map((review) => review.stars)).toEqual([5]);
      expect((await withoutTenant(stars)).reviews.map((review) => review.stars)).toEqual([1, 2, 3, 5]);
      await expect(stars()).rejects.toThrow(/belongs to tenants/);
    });

    it('lead from an entity to itself', async () => {
      const root = await Category.save({ name: 'root' });
      for (const name of ['left', 'right']) await Category.save({ name, parentId: root.id });
      const found = await Category.getOrThrow(root.id, {
        include: { parent: true, children: { orderBy: 'name', include: { parent: { include: { children: true } } } } },
      });
      expect(found.parent).toBeNull();
      expect(found.children.map((child) => [child.name, child.parent?.name])).toEqual([
        ['left', 'root'],
        ['right', 'root'],
      ]);
      expect(found.children[0]?.parent?.children).toHaveLength(2);
    });

    it('have only the selected fields', async () => {
      const [author] = await Author.find({
        where: { name: 'austen' },
        select: ['name'],
        include: { books: { select: ['title'], orderBy: 'title', include: { editor: { select: ['name'] } } } },
      });
      expect(JSON.parse(JSON.stringify(author))).toEqual({
        name: 'austen',
        books: [
          { title: 'Emma', editor: { name: 'stoker' } },
          { title: 'Persuasion', editor: null },
          { title: 'Sanditon', editor: null },
          { title: 'Sense', editor: { name: 'stoker' } },
        ],
      });
      const page = await Book.findPage({
        select: ['title'],
        orderBy: 'year',
        limit: 1,
        include: { author: { select: ['name'] } },
      });
      expect(page.items.map((book) => ({ ...book }))).toMatchObject([
        { title: 'Sanditon', author: { name: 'austen' } },
      ]);
      expect(Object.keys(page.items[0] ?? {})).toEqual(['title', 'author']);
    });

    it('are no fields: a row is saved without them', async () => {
      const author = await Author.getOrThrow(ids.austen as string, { include: { books: true, portrait: true } });
      const before = author.version;
      expect((await Author.save(author)).version).toBe(before);
      author.name = 'Austen';
      expect(await Author.save(author)).toMatchObject({ name: 'Austen', version: before + 1 });
      await Author.update(author.id, { name: 'austen' });
      await expect(Author.save({ name: 'x', books: [{ title: 'new' }] } as never)).rejects.toThrow(
        /is a relation; save Book/,
      );
      await expect(Author.update(author.id, { books: [{ title: 'new' }] } as never)).rejects.toThrow(ValidationError);
      await expect(Author.find({ where: { books: null } as never })).rejects.toThrow(/Unknown field "books"/);
      await expect(Author.find({ orderBy: 'books' })).rejects.toThrow(/Unknown field "books"/);
      await expect(Author.find({ select: ['books' as never] })).rejects.toThrow(/Unknown field "books"/);
    });

    it('are read for more rows than a statement takes parameters', async () => {
      const make = Array.from({ length: 9_000 }, (_, n) => ({ name: `many ${n}` }));
      await db.context(() => Category.saveMany(make));
      const [rows, queries] = await counted(() =>
        Category.find({ where: { name: { startsWith: 'many' } }, include: { children: { limit: 1 } } }),
      );
      expect(rows.length).toBe(9_000);
      expect(queries).toBe(3);
    }, 60_000);

    it('refuse unknown relations and options', async () => {
      const refused: unknown[] = [
        { book: true },
        { books: false },
        { books: undefined },
        { books: { were: {} } },
        { books: { limit: -1 } },
        { books: { where: { nope: 1 } } },
        { books: { include: { nope: true } } },
        { portrait: { limit: 1 } },
        'books',
        ['books'],
      ];
      for (const include of refused)
        await expect(Author.find({ include } as never), JSON.stringify(include)).rejects.toThrow(ValidationError);
      await expect(Author.find({ include: { book: true } as never })).rejects.toThrow('did you mean "books"?');
    });

    it('refuse two sides that do not fit', async () => {
      @Entity({ table: 'rel_misfits' })
      class Misfit extends Model {
        @HasMany(() => Book, 'title') books?: Book[];
      }
      const other = await backend.connect({ entities: [Misfit, Author] });
      await expect(Misfit.find({ db: other, include: { books: true } })).rejects.toThrow(/does not say references/);
      await expect(Author.find({ db: other, include: { books: true } })).rejects.toThrow(SchemaError);
      await other.close();
      const declare = () => {
        class Loose extends Model {
          @Field({ type: 'string' }) authorId!: string;
          @BelongsTo('authorId') author?: Author;
        }
        return Entity({ table: 'rel_loose' })(Loose);
      };
      expect(declare).toThrow(/Loose.author: the field authorId does not say references/);
    });
  });
}
