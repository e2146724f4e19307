import { describe, expect, it } from 'vitest';
import { type Database, dbContext, Entity, Field, Model } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { withDatabase } from './suite.js';

/** Words of SQL, and names that statements of the ORM give to their own parts. */
const COLUMNS = [
  ...['select', 'order', 'group', 'user', 'values', 'row', 'rows', 'new', 'old', 'excluded', 'rank', 'ended', 'age'],
  ...[
    'locked_id',
    'locked',
    'before',
    'written',
    'target',
    'recorded',
    'past',
    'ranked',
    'h',
    'n',
    'p',
    'v',
    'c0',
    'c7',
  ],
];
const TABLES = ['select', 'user', 'before', 'written', 'target', 'recorded', 'past', 'locked', 'v', 'old', 'h'];

function declare(table: string): typeof Model {
  class Odd extends Model {}
  for (const column of COLUMNS)
    (Field({ type: 'string' }) as (target: object, property: string) => void)(Odd.prototype, column);
  (Entity({ table, unique: [['target']] }) as (target: typeof Model) => void)(Odd);
  return Odd;
}

export function describeOddNames(backend: Backend): void {
  describe('tables and columns of odd names', () => {
    const db: () => Database = withDatabase(backend, { entities: TABLES.map(declare) });
    const row = (more: object = {}): object => ({
      ...Object.fromEntries(COLUMNS.map((name) => [name, name])),
      ...more,
    });

    it('work in every verb', async () => {
      for (const table of TABLES) {
        const handle = db();
        await handle.saveEntity(table, row({ id: 'a' }));
        await handle.saveEntities(table, [row({ id: 'b', target: 'x' }), row({ id: 'c', target: 'y' })]);
        await handle.saveEntities(table, [
          { id: 'b', locked: 'z' },
          { id: 'd', target: 'w' },
        ]);
        await handle.updateEntity(table, 'a', { locked_id: 'new', h: 'new' });
        expect(await handle.updateEntities(table, { locked_id: 'new' }, { v: 'new', c0: 'new' }), table).toBe(1);
        expect(await handle.updateEntities(table, { v: 'new' }, { c7: 'new' }, { comment: 'why' })).toBe(1);
        const match = { target: 'target', rows: 'matched' };
        expect(await handle.saveEntity(table, match, { matchBy: 'target' })).toMatchObject({ id: 'a', version: 5 });
        expect(await handle.saveEntity(table, match, { matchBy: 'target' })).toMatchObject({ id: 'a', version: 5 });
        expect(await handle.softDeleteEntities(table, { target: 'x' })).toBe(1);
        expect((await handle.findEntities(table, { where: { before: 'before' }, orderBy: 'past' })).length).toBe(2);
        expect((await handle.entityHistory(table, 'a')).length).toBe(5);
        expect(await handle.revertEntityTo(table, 'a', 1)).toMatchObject({ locked_id: 'locked_id', rows: 'rows' });
        expect(await handle.deleteEntities(table, {}, { all: true, includeDeleted: true })).toBe(4);
      }
    });

    it('are still no way around a part of a transaction that only reads', async () => {
      await db().saveEntity('user', { id: 'kept' });
      const part = dbContext(
        () => dbContext((tx) => tx.query("DELETE FROM [user] WHERE id = 'kept' RETURNING id"), { readOnly: true }),
        { db: db() },
      );
      await expect(part).rejects.toMatchObject({ code: 'E_READ_ONLY' });
      expect(await db().findEntity('user', 'kept')).toMatchObject({ id: 'kept' });
    });
  });
}
