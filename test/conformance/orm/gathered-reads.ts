import { describe, expect, it } from 'vitest';
import { dbContext, KernelError, withoutTenant, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, LogLine, Note, Sample } from './entities.js';
import { withDatabase } from './suite.js';

const FORTY = Array.from({ length: 40 }, (_, index) => index);

/** Reads by id that are wanted at the same time may share queries, which nobody must notice. */
export function describeGatheredReads(backend: Backend): void {
  describe('many reads by id at once', () => {
    const db = withDatabase(backend);

    it('answer each what it asked for, missing and soft-deleted rows too', async () => {
      const rows = await Counter.saveMany(FORTY.map((value) => ({ name: `row ${value}`, value })));
      const deleted = rows.filter(({ value }) => value % 5 === 0);
      for (const { id } of deleted) await Counter.softDelete(id);
      const [live, all, missing] = await Promise.all([
        Promise.all(rows.map(({ id }) => Counter.get(id))),
        Promise.all(rows.map(({ id }) => Counter.get(id, { includeDeleted: true }))),
        Promise.all(rows.map(({ id }) => Counter.get(`no ${id}`))),
      ]);
      expect(live.map((row) => row?.value)).toEqual(FORTY.map((value) => (value % 5 === 0 ? undefined : value)));
      expect(all.map((row) => row?.value)).toEqual(FORTY);
      expect(missing).toEqual(FORTY.map(() => null));
    });

    it('give every caller an instance of his own, as a single read does', async () => {
      const { id } = await Sample.save({
        bigint: 2n ** 62n,
        decimal: '0.10',
        datetime: new Date('2026-01-02T03:04:05.678Z'),
        json: { deep: [1] },
        blob: new Uint8Array([1, 2]),
        string: 'ä',
      });
      const alone = await Sample.getOrThrow(id);
      const together = await Promise.all(FORTY.map(() => Sample.getOrThrow(id)));
      for (const one of together) {
        expect(one).toBeInstanceOf(Sample);
        expect(one).toEqual(alone);
      }
      const [first = alone, ...others] = together;
      first.string = 'changed';
      (first.json as { deep: number[] }).deep.push(2);
      first.blob?.set([9]);
      first.datetime?.setTime(0);
      for (const other of others) expect(other).toEqual(alone);
    });

    it('never show the rows of another tenant', async () => {
      const save = (tenant: string) =>
        withTenant(tenant, () => Note.save({ workspaceId: tenant, body: `of ${tenant}` }));
      const [one, two] = [await save('one'), await save('two')];
      const reads = FORTY.map((index) => {
        const tenant = index % 2 === 0 ? 'one' : 'two';
        return withTenant(tenant, () => Promise.all([Note.get(one.id), Note.get(two.id)]));
      });
      const free = Promise.all(FORTY.map(() => withoutTenant(() => Note.get(two.id))));
      for (const [index, [first, second]] of (await Promise.all(reads)).entries()) {
        expect(first?.body).toBe(index % 2 === 0 ? 'of one' : undefined);
        expect(second?.body).toBe(index % 2 === 0 ? undefined : 'of two');
      }
      expect((await free).map((row) => row?.body)).toEqual(FORTY.map(() => 'of two'));
    });

    it('share queries where one takes a trip to a server', async () => {
      const rows = await Counter.saveMany(FORTY.map((value) => ({ name: 'shared', value })));
      const before = db().stats().statements;
      await Promise.all(FORTY.map((index) => Counter.getOrThrow(rows[index]?.id ?? '')));
      const { soloReads } = db().session.core.dialect.capabilities;
      expect(db().stats().statements - before).toBeLessThanOrEqual(Math.min(FORTY.length, soloReads + 10));
      if (Number.isFinite(soloReads)) expect(db().stats().statements - before).toBeLessThan(FORTY.length);
    });

    it('take every id literally', async () => {
      const odd = ['"', '\\', '\\"', '{a,b}', 'a,b', 'NULL', ' ', "it's", 'ä', '👍', '%', '$1', '?', '}{', '{}', '\n'];
      for (const id of odd) await Counter.save({ id, name: `odd ${id}` });
      const found = await Promise.all([...odd, ...odd, 'A,B', 'null'].map((id) => Counter.get(id)));
      expect(found.map((row) => row?.id)).toEqual([...odd, ...odd, undefined, undefined]);
    });

    it('see what was written before they were asked for', async () => {
      const { id } = await Counter.save({ name: 'seen', value: 0 });
      let newest = 0;
      let done = false;
      const readers = FORTY.slice(0, 12).map(async () => {
        while (!done) {
          const known = newest;
          expect((await Counter.getOrThrow(id)).value).toBeGreaterThanOrEqual(known);
        }
      });
      for (let value = 1; value <= 20; value++) {
        await Counter.update(id, { value });
        newest = value;
      }
      done = true;
      await Promise.all(readers);
    });

    it('keep to their transaction', async () => {
      const { id } = await Counter.save({ name: 'inside', value: 1 });
      const outside = await dbContext(async () => {
        await Counter.update(id, { value: 2 });
        const inside = await Promise.all(FORTY.map(() => Counter.getOrThrow(id)));
        expect(inside.map(({ value }) => value)).toEqual(FORTY.map(() => 2));
        return id;
      });
      const after = await Promise.all(FORTY.map(() => Counter.getOrThrow(outside)));
      expect(after.map(({ value }) => value)).toEqual(FORTY.map(() => 2));
    });

    it('do not fail for the ids of others', async () => {
      const { id } = await Counter.save({ name: 'fine', value: 7 });
      const reads = FORTY.map((index) => Counter.get(index % 8 === 3 ? `${id}\0` : index % 8 === 5 ? '' : id));
      const results = await Promise.allSettled(reads);
      for (const [index, result] of results.entries()) {
        if (index % 8 === 5) expect(result.status).toBe('rejected');
        else if (index % 8 !== 3) expect(result).toMatchObject({ value: { value: 7 } });
        else expect(result.status === 'fulfilled' ? result.value : null).toBeNull();
      }
    });

    it('tell every caller of their fault', async () => {
      await db().execute('DROP TABLE [log_lines]');
      const results = await Promise.allSettled(FORTY.map((index) => LogLine.get(`id ${index % 10}`)));
      for (const result of results) expect(result.status === 'rejected' && result.reason).toBeInstanceOf(KernelError);
    });
  });
}
