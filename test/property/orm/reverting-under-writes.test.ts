import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../../orm/backends.js';

@Entity({ table: 'gauges' })
class Gauge extends Model {
  @Field({ type: 'string' }) reading!: string;
}

const ROWS = 5;
type Write = { readonly row: number; readonly kind: 'update' | 'delete' };

const writes = (maxLength: number) =>
  fc.array(fc.record({ row: fc.nat(ROWS - 1), kind: fc.constantFrom('update' as const, 'delete' as const) }), {
    maxLength,
  });

/** What a row shows: its reading, or that it is deleted or was never there. */
type State = string | null;

for (const backend of BACKENDS) {
  describe(`row 31: a revert on ${backend.name} while others write`, () => {
    let db: Database;
    let runs = 0;
    let readings = 0;
    beforeAll(async () => {
      db = await backend.connect({ entities: [Gauge], nativeBackup: false });
      await db.migrate();
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
    });

    /** @returns the state that the write leaves, or nothing where there was nothing to write to. */
    const write = async (id: string, kind: Write['kind']): Promise<State | undefined> => {
      const reading = `r${readings++}`;
      const done =
        kind === 'delete'
          ? Gauge.delete(id, { db })
          : Gauge.update(id, { reading }, { db }).then((row) => row !== null);
      const isDone = await done.catch((error) => (error.code === 'E_NOT_FOUND' ? false : Promise.reject(error)));
      if (!isDone) return undefined;
      return kind === 'delete' ? null : reading;
    };
    const stateOf = async (id: string): Promise<State> => (await Gauge.get(id, { db }))?.reading ?? null;
    const nextMillisecond = async (): Promise<void> => {
      for (const now = Date.now(); Date.now() <= now; ) await new Promise((resolve) => setImmediate(resolve));
    };

    it('gives every row its state of then, or what was written meanwhile, and forgets no version', async () => {
      const schedule = fc.record({ before: writes(6), after: writes(6), meanwhile: writes(10), born: fc.nat(2) });
      await fc.assert(
        fc.asyncProperty(schedule, async ({ before, after, meanwhile, born }) => {
          const run = runs++;
          const idOf = (row: number): string => `${run}-${row}`;
          const ids = Array.from({ length: ROWS }, (_, row) => idOf(row));
          for (const id of ids) await Gauge.save({ id, reading: 'first' }, { db });
          for (const { row, kind } of before) await write(idOf(row), kind);
          const then = new Map<string, State>();
          for (const id of ids) then.set(id, await stateOf(id));
          const target = new Date();
          await nextMillisecond();
          for (const { row, kind } of after) await write(idOf(row), kind);
          for (let at = 0; at < born; at++) {
            ids.push(`${run}-late-${at}`);
            await Gauge.save({ id: `${run}-late-${at}`, reading: 'late' }, { db });
          }

          const written = new Map<string, State[]>();
          const writing = meanwhile.map(async ({ row, kind }) => {
            const state = await write(idOf(row), kind);
            if (state !== undefined) written.set(idOf(row), [...(written.get(idOf(row)) ?? []), state]);
          });
          await Promise.all([db.revert('gauges', target, { confirm: true }), ...writing]);

          for (const id of ids) {
            const found = await stateOf(id);
            expect([then.get(id) ?? null, ...(written.get(id) ?? [])], id).toContain(found);
            const history = (await Gauge.history(id, { db, limit: 100 })).reverse();
            expect(history.map(({ version }) => version)).toEqual(history.map((_, at) => at + 1));
            const last = history.at(-1);
            expect(last?.deletedAt ? null : last?.reading).toBe(found);
            const recorded = history.map(({ deletedAt, reading }) => (deletedAt ? null : reading));
            for (const state of written.get(id) ?? []) expect(recorded).toContain(state);
          }
        }),
        { numRuns: 12 },
      );
    }, 60_000);
  });
}
