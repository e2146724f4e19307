import { describe, expect, it } from 'vitest';
import { type ChangeEvent, ConstraintError, type WriteEvent } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, LogLine, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeListenedMany(backend: Backend): void {
  describe('changing many rows while somebody listens', () => {
    const db = withDatabase(backend);
    let next = 0;
    /** Rows of a name of their own, valued 0, 1, 2, … */
    async function make(count: number): Promise<{ rows: Counter[]; name: string }> {
      const name = `listened ${next++}`;
      return { rows: await Counter.saveMany(Array.from({ length: count }, (_, value) => ({ name, value }))), name };
    }

    async function heard<Name extends 'change' | 'write'>(
      kind: Name,
      work: () => Promise<unknown>,
    ): Promise<Array<Name extends 'write' ? WriteEvent : ChangeEvent>> {
      const events: Array<WriteEvent & ChangeEvent> = [];
      const off = db().on(kind, (event: ChangeEvent) => void events.push(event as WriteEvent));
      await work().finally(off);
      return events;
    }
    const keys = (events: readonly ChangeEvent[]): string[] =>
      events.map(({ id, version, action }) => `${id} ${action} ${version}`).sort();
    const keysOf = (rows: readonly Counter[], action: string, version: number): string[] =>
      rows.map(({ id }) => `${id} ${action} ${version}`).sort();
    const listens = { change: 1, write: 2 } as const;

    for (const kind of ['change', 'write'] as const) {
      it(`takes as many statements for 2,500 rows as for two (${kind})`, async () => {
        const costs = async (count: number): Promise<number[]> => {
          const { rows, name } = await make(count);
          const cost = async (action: string, version: number, work: () => Promise<number>): Promise<number> => {
            const before = db().stats().statements;
            const events = await heard(kind, async () => expect(await work()).toBe(count));
            expect(keys(events)).toEqual(keysOf(rows, action, version));
            return db().stats().statements - before;
          };
          return [
            await cost('update', 2, () => Counter.updateMany({ name }, { value: -1 })),
            await cost('delete', 3, () => Counter.softDeleteMany({ name })),
            await cost('restore', 4, () => Counter.restoreMany({ name })),
            await cost('delete', 5, () => Counter.deleteMany({ name })),
          ];
        };
        const few = await costs(2);
        expect(await costs(2_500)).toEqual(few);
        for (const cost of few) expect(cost).toBeLessThanOrEqual(2);
        if (db().session.core.dialect.capabilities.writableCtes) expect(few).toEqual([1, 1, 1, 1]);
        else expect(few.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => listens[kind]));
      });
    }

    it('shows each row before and after, as it is stored and recorded', async () => {
      const { rows, name } = await make(5);
      const condition = { name, value: { gte: 2 } };
      const events = await heard('write', () => Counter.updateMany(condition, { value: 3 }, { comment: 'raised' }));
      expect(keys(events)).toEqual(keysOf([rows[2], rows[4]] as Counter[], 'update', 2));
      for (const { id, before, after } of events) {
        expect(before).toEqual(rows.find((row) => row.id === id));
        expect(after).toEqual(await Counter.get(id));
        expect(await Counter.history(id)).toMatchObject([
          { version: 2, value: 3, historyComment: 'raised' },
          { version: 1 },
        ]);
      }
      const gone = await heard('write', () => Counter.deleteMany(condition, { comment: 'gone' }));
      expect(gone.map(({ before }) => before)).toEqual(
        expect.arrayContaining(events.map(({ after }) => after as object)),
      );
      expect(gone.every(({ after }) => after === undefined)).toBe(true);
      for (const { id } of gone) {
        const [last] = await Counter.history(id);
        expect(last).toMatchObject({ historyComment: 'gone', deletedAt: expect.any(Date) });
      }
    });

    it('keeps comments where it tells only which rows were changed', async () => {
      const { rows, name } = await make(300);
      const events = await heard('change', async () => {
        await Counter.updateMany({ name }, { value: -1 }, { comment: 'why' });
        await Counter.deleteMany({ name }, { comment: 'gone' });
      });
      expect(events).toHaveLength(600);
      expect(await Counter.history((rows[299] as Counter).id)).toMatchObject([
        { version: 3, historyComment: 'gone' },
        { version: 2, historyComment: 'why', value: -1 },
        { version: 1, historyComment: null },
      ]);
    });

    it('tells of rows without a history as well', async () => {
      const [first, second] = await LogLine.saveMany([{ line: 'a' }, { line: 'b' }]);
      const events = await heard('write', async () => {
        expect(await LogLine.updateMany({ line: 'a' }, { line: 'c' })).toBe(1);
        expect(await LogLine.deleteMany({}, { all: true })).toBe(2);
      });
      expect(keys(events)).toEqual([`${first?.id} update 2`, `${first?.id} delete 3`, `${second?.id} delete 2`].sort());
      expect(events[0]).toMatchObject({ before: { line: 'a' }, after: { line: 'c' } });
    });

    it('changes all or none, and then tells of none', async () => {
      const given = [1, 2, 3].map((price) => ({ name: `none ${price}`, workspaceId: 'none', price }));
      await Product.saveMany(given);
      const events = await heard('change', async () => {
        await expect(Product.updateMany({ workspaceId: 'none' }, { price: -1 })).rejects.toThrow(ConstraintError);
        await expect(Product.updateMany({ workspaceId: 'none' }, { name: 'same' })).rejects.toThrow(ConstraintError);
      });
      expect(events).toEqual([]);
      expect(await Product.sum('price', { where: { workspaceId: 'none' } })).toBe(6);
    });

    it('tells of each version once while many change and delete the same rows', async () => {
      const { rows, name } = await make(20);
      const changes = Array.from({ length: 6 }, (_, at) => [
        () => Counter.updateMany({ name }, { value: 100 + at }),
        () => Counter.updateMany({ name, value: { gt: 5 } }, { value: 200 + at }),
        () => Counter.update((rows[at] as Counter).id, { value: 300 + at }),
      ]).flat();
      const events = await heard('change', async () => {
        await Promise.all(changes.map((change) => change()));
        await Promise.all([Counter.deleteMany({ name }), Counter.deleteMany({ name })]);
      });
      const recorded: string[] = [];
      for (const { id } of rows)
        for (const { version } of await Counter.history(id)) if (version > 1) recorded.push(`${id} ${version}`);
      expect(events.map(({ id, version }) => `${id} ${version}`).sort()).toEqual(recorded.sort());
      expect(events.filter(({ action }) => action === 'delete')).toHaveLength(20);
    });

    it('deletes what a condition means, though the deletion itself makes it untrue', async () => {
      const { rows, name } = await make(3);
      const where = `[name] = ? AND NOT EXISTS (SELECT 1 FROM counters_history h WHERE h.id = counters.id AND h._version IS NULL)`;
      expect(await Counter.deleteMany(where, { params: [name] })).toBe(3);
      expect(await Counter.count({ where: { name }, includeDeleted: true })).toBe(0);
      for (const { id } of rows) expect((await Counter.history(id)).map(({ version }) => version)).toEqual([2, 1]);
    });

    it('shows the row before of every row that it changes, also by a condition that means others each time', async () => {
      const { name } = await make(60);
      const half = { sqlite: 'random() > 0', mariadb: 'RAND() > 0.5', mysql: 'RAND() > 0.5' }[db().engine];
      const where = `[name] = ? AND ${half ?? 'random() > 0.5'}`;
      let changed = 0;
      const events = await heard('write', async () => {
        changed = await Counter.updateMany(where, { value: -1 }, { params: [name] });
      });
      expect(events).toHaveLength(changed);
      expect(await Counter.count({ where: { name, value: -1 } })).toBe(changed);
      for (const { before } of events) expect(before).toMatchObject({ version: 1, value: expect.any(Number) });
    });
  });
}
