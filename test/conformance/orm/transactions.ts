import { describe, expect, it } from 'vitest';
import { ConstraintError, dbContext, SchemaError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeTransactions(backend: Backend): void {
  describe('transactions', () => {
    const db = withDatabase(backend);
    let next = 0;
    const name = (): string => `tx ${next++}`;
    const stored = (value: string): Promise<boolean> => Counter.exists({ where: { name: value } });

    it('commits everything or nothing', async () => {
      const [a, b] = [name(), name()];
      await dbContext(async () => {
        await Counter.save({ name: a });
      });
      const failed = dbContext(async () => {
        await Counter.save({ name: b });
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect([await stored(a), await stored(b)]).toEqual([true, false]);
    });

    it('answers what its function answers, and joins calls that were given the handle or the database', async () => {
      const a = name();
      const result = await dbContext(async (handle) => {
        await Counter.save({ name: a }, { db: handle });
        const rows = await db().query<{ n: number }>('SELECT COUNT(*) AS n FROM counters WHERE name = ?', [a]);
        return rows[0]?.n;
      });
      expect(result).toBe(1);
    });

    it('undoes only the nested part that failed', async () => {
      const [outer, inner, after] = [name(), name(), name()];
      await dbContext(async () => {
        await Counter.save({ name: outer });
        await dbContext(async () => {
          await Counter.save({ name: inner });
          throw new Error('inner');
        }).catch(() => {});
        await Counter.save({ name: after });
      });
      expect([await stored(outer), await stored(inner), await stored(after)]).toEqual([true, false, true]);
    });

    it('goes on after a refused write, whose half it undid', async () => {
      const a = name();
      await dbContext(async () => {
        await Product.save({ name: a, workspaceId: 'w' });
        await expect(Product.save({ name: a, workspaceId: 'w' })).rejects.toThrow(ConstraintError);
        await Product.save({ name: `${a}2`, workspaceId: 'w' });
      });
      expect(await Product.count({ where: { name: { startsWith: a } } })).toBe(2);
    });

    it('runs statements of Promise.all one after another, nested contexts included', async () => {
      const names = Array.from({ length: 10 }, name);
      await dbContext(async (outer) => {
        await Promise.all([
          ...names.slice(0, 5).map((value) => Counter.save({ name: value })),
          ...names.slice(5).map((value) =>
            dbContext(async () => {
              await Counter.save({ name: value });
            }),
          ),
          outer.query('SELECT 1'),
        ]);
      });
      expect(await Counter.count({ where: { name: { in: names } } })).toBe(10);
    });

    it('rolls everything of Promise.all back, also what was still waiting', async () => {
      const names = Array.from({ length: 5 }, name);
      const failed = dbContext(async () => {
        await Promise.all([...names.map((value) => Counter.save({ name: value })), Promise.reject(new Error('first'))]);
      });
      await expect(failed).rejects.toThrow('first');
      expect(await Counter.count({ where: { name: { in: names } } })).toBe(0);
    });

    it('uses the outer handle inside a nested context without waiting for itself', async () => {
      await dbContext(async (outer) => {
        await dbContext(async () => {
          expect(await outer.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
        });
      });
    });

    it('refuses calls after its end', async () => {
      let late: (() => Promise<unknown>) | undefined;
      const handle = await dbContext(async (inside) => {
        late = () => Counter.count();
        const bound = late;
        setImmediate(() => {
          lateResult = bound().catch((error: unknown) => error);
        });
        return inside;
      });
      let lateResult: Promise<unknown> | undefined;
      await expect(handle.query('SELECT 1')).rejects.toMatchObject({ code: 'E_CONTEXT_ENDED' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(await lateResult).toMatchObject({ code: 'E_CONTEXT_ENDED' });
      expect(() => handle.afterCommit(() => {})).toThrow(/ended/);
    });

    it('runs afterCommit once all is committed, and not for what was rolled back', async () => {
      const seen: string[] = [];
      await dbContext(async (outer) => {
        outer.afterCommit(() => void seen.push('outer'));
        await dbContext(async (inner) => {
          inner.afterCommit(() => void seen.push('inner'));
        });
        await dbContext(async (inner) => {
          inner.afterCommit(() => void seen.push('never'));
          inner.afterRollback(() => void seen.push('rolled back'));
          throw new Error('x');
        }).catch(() => {});
        expect(seen).toEqual(['rolled back']);
      });
      expect(seen).toEqual(['rolled back', 'outer', 'inner']);
    });

    it('runs the hooks of nested contexts when the outer one ends, as the outer one ends', async () => {
      const seen: string[] = [];
      const failed = dbContext(async () => {
        await dbContext(async (inner) => {
          await Counter.save({ name: name() });
          inner.afterCommit(() => void seen.push('never'));
          inner.afterRollback(() => void seen.push('inner rolled back'));
          await dbContext(async (innermost) => {
            innermost.afterRollback(() => void seen.push('innermost rolled back'));
          });
        });
        expect(seen).toEqual([]);
        throw new Error('outer');
      });
      await expect(failed).rejects.toThrow('outer');
      expect(seen.sort()).toEqual(['inner rolled back', 'innermost rolled back']);
    });

    it('runs hooks at once, and listeners, where no transaction is open', async () => {
      const seen: string[] = [];
      db().afterCommit(() => void seen.push('committed'));
      db().afterRollback(() => void seen.push('never'));
      await Promise.resolve();
      expect(seen).toEqual(['committed']);
    });

    it('keeps savepoints apart, however deep and whichever fails', async () => {
      const names = Array.from({ length: 6 }, name);
      const nest = (depth: number): Promise<void> =>
        dbContext(async () => {
          await Counter.save({ name: names[depth] as string });
          if (depth < 5) await nest(depth + 1).catch(() => {});
          if (depth === 2) throw new Error('undoes the third and all below');
        });
      await nest(0);
      expect(await Counter.count({ where: { name: { in: names } } })).toBe(2);
    });

    it('keeps contexts of Promise.all apart that are not inside of one', async () => {
      const names = Array.from({ length: 8 }, name);
      const all = names.map((value, index) =>
        dbContext(async () => {
          await Counter.save({ name: value });
          await new Promise(setImmediate);
          if (index % 2 === 1) throw new Error('odd');
          await Counter.save({ name: value });
        }),
      );
      await Promise.allSettled(all);
      expect(await Counter.count({ where: { name: { in: names } } })).toBe(8);
    });

    it('takes every isolation level, and nothing else', async () => {
      for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const)
        expect(await dbContext(() => Counter.count(), { isolation })).toBeGreaterThanOrEqual(0);
      const other = 'read committed; DROP TABLE counters' as 'serializable';
      await expect(dbContext(() => Counter.count(), { isolation: other })).rejects.toThrow(
        /no isolation level .* use one of 'read committed'/,
      );
    });

    it('refuses a nested context that asks for more isolation than its transaction has', async () => {
      const nested = (outer: object, isolation: 'repeatable read' | 'serializable'): Promise<number> =>
        dbContext(() => dbContext(() => Counter.count(), { isolation }), outer);
      const serializable = { isolation: 'serializable' } as const;
      expect(await nested(serializable, 'serializable')).toBeGreaterThanOrEqual(0);
      expect(await nested(serializable, 'repeatable read')).toBeGreaterThanOrEqual(0);
      expect(await nested({ readOnly: true }, 'repeatable read')).toBeGreaterThanOrEqual(0);
      if (backend.name.startsWith('sqlite')) return; // where every transaction is serializable
      await expect(nested({}, 'repeatable read')).rejects.toThrow(
        /inside one that is "read committed"; say .* at the outer/,
      );
      await expect(nested({ isolation: 'repeatable read' }, 'serializable')).rejects.toThrow(SchemaError);
    });

    // In memory there is one connection, so that nothing can be written meanwhile.
    if (backend.reconnect) {
      it('reads one moment where it is read-only', async () => {
        const { id } = await Counter.save({ name: name(), value: 1 });
        const value = async (): Promise<number> => (await Counter.getOrThrow(id)).value;
        await dbContext(
          async () => {
            expect(await value()).toBe(1);
            await db().session.core.run(`UPDATE counters SET value = 2 WHERE id = '${id}'`, []);
            expect(await value()).toBe(1);
          },
          { readOnly: true },
        );
        expect(await value()).toBe(2);
      });

      it('streams one moment where it is read-only', async () => {
        const rows = Array.from({ length: 5 }, () => ({ name: 'streamed', value: 1 }));
        await Counter.saveMany(rows);
        const seen: number[] = [];
        await dbContext(
          async () => {
            for await (const row of Counter.stream({ where: { name: 'streamed' }, batchSize: 2 })) {
              seen.push(row.value);
              await db().session.core.run(`UPDATE counters SET value = 2 WHERE name = 'streamed'`, []);
            }
          },
          { readOnly: true },
        );
        expect(seen).toEqual([1, 1, 1, 1, 1]);
        expect(await Counter.sum('value', { where: { name: 'streamed' } })).toBe(10);
      });
    }

    it('refuses statements that would end or open a transaction, and values that are no scalars', async () => {
      for (const sql of ['COMMIT', ' rollback', 'BEGIN', 'savepoint x', 'START TRANSACTION'])
        await expect(dbContext((inner) => inner.execute(sql))).rejects.toThrow(/opened and ended by dbContext/);
      for (const value of [['a'], { a: 1 }, undefined, Symbol('s'), () => 1, new Date(Number.NaN), new Map()]) {
        await expect(db().query('SELECT ? AS v', [value])).rejects.toMatchObject({ code: 'E_VALIDATION' });
        await expect(db().execute('DELETE FROM counters WHERE name = ?', [value])).rejects.toMatchObject({
          code: 'E_VALIDATION',
        });
      }
    });

    it('lets afterCommit use the database and survives its faults', async () => {
      const a = name();
      await dbContext(async (handle) => {
        handle.afterCommit(() => {
          throw new Error('hook');
        });
        handle.afterCommit(async () => {
          await Counter.save({ name: a });
        });
      });
      expect(await stored(a)).toBe(true);
    });

    it('refuses writes where it is read-only, nested ones too', async () => {
      await expect(dbContext(() => Counter.save({ name: name() }), { readOnly: true })).rejects.toMatchObject({
        code: expect.stringMatching(/^E_/),
      });
      await expect(
        dbContext(() => dbContext((inner) => inner.execute('DELETE FROM counters')), { readOnly: true }),
      ).rejects.toMatchObject({ code: 'E_READ_ONLY' });
      await Counter.save({ name: name() });
    });

    it('refuses every verb that writes where it is read-only, also where it would change nothing', async () => {
      const { id, value } = await Counter.save({ name: name(), value: 1 });
      const hidden = await Counter.save({ name: name() });
      await Counter.softDelete(hidden.id);
      const verbs: ReadonlyArray<() => Promise<unknown>> = [
        () => Counter.save({ id, value }),
        () => Counter.save({ name: 'no counter', value }, { matchBy: 'name' }),
        () => Counter.saveMany([{ id, value }]),
        () => Counter.saveMany([{ name: 'no counter' }], { matchBy: 'name' }),
        () => Counter.update(id, { value }),
        () => Counter.updateMany({ id }, { value }),
        () => Counter.softDelete(id),
        () => Counter.restore(hidden.id),
        () => Counter.delete(id),
        () => Counter.softDeleteMany({ id }),
        () => Counter.restoreMany({ id: hidden.id }),
        () => Counter.deleteMany({ id }),
        () => Counter.revertTo(id, 1),
        () => db().execute('UPDATE counters SET value = 2 WHERE id = ?', [id]),
        () => db().query('DELETE FROM counters WHERE id = ?', [id]),
      ];
      for (const verb of verbs)
        await expect(dbContext(verb, { readOnly: true }), String(verb)).rejects.toMatchObject({ code: 'E_READ_ONLY' });
      expect(await Counter.getOrThrow(id)).toMatchObject({ value: 1, version: 1 });
    });

    it('stops at an abort and rolls back', async () => {
      const a = name();
      const controller = new AbortController();
      const aborted = dbContext(
        async () => {
          await Counter.save({ name: a });
          controller.abort(new Error('enough'));
          await Counter.save({ name: a });
        },
        { signal: controller.signal },
      );
      await expect(aborted).rejects.toThrow('enough');
      expect(await stored(a)).toBe(false);
    });

    it('loses no update that reads and writes in one context', async () => {
      const { id } = await Counter.save({ name: name(), value: 0 });
      await Promise.all(
        Array.from({ length: 50 }, () =>
          dbContext(async () => {
            const row = await Counter.getOrThrow(id);
            await Counter.update(id, { value: row.value + 1 });
          }),
        ),
      );
      expect((await Counter.getOrThrow(id)).value).toBe(50);
    });
  });
}
