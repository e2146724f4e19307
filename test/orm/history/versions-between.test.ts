import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

@Entity({ table: 'timed_rows' })
class TimedRow extends Model {
  @Field({ type: 'integer' }) n!: number;
}

const INDEX = 'idx_timed_rows_history_history_timestamp';
const EXPLAIN = { sqlite: 'EXPLAIN QUERY PLAN', postgres: 'EXPLAIN', mysql: 'EXPLAIN' } as const;
const COUNT = 6_000;

for (const sql of SQL_BACKENDS) {
  describe(`what was written between two moments (${sql.name})`, { timeout: 60_000 }, () => {
    let database: TestDatabase;
    let db: Database;
    let now = Date.parse('2026-01-01T00:00:00Z');

    beforeAll(async () => {
      database = await sql.create();
      db = await connect(database.url, { entities: [TimedRow], clock: { now: () => now } });
      await db.migrate();
      for (let start = 0; start < COUNT; start += 1_500) {
        now += 60_000;
        await TimedRow.saveMany(
          Array.from({ length: 1_500 }, (_, k) => ({ n: start + k })),
          { db },
        );
      }
    }, 60_000);
    afterAll(async () => {
      await db.close();
      await database.drop();
    });

    async function between(since: string, until: string): Promise<string[]> {
      const keys: string[] = [];
      for await (const page of db.versionsBetween('timed_rows', { since: new Date(since), until: new Date(until) })) {
        expect(page.length).toBeLessThanOrEqual(500);
        keys.push(...page.map(({ id, version }) => `${id} ${version}`));
      }
      return keys;
    }

    it('is read page by page, each version once, also where many have the same time', async () => {
      const all = await between('2026-01-01', '2026-01-02');
      expect([all.length, new Set(all).size]).toEqual([COUNT, COUNT]);
      const some = await between('2026-01-01T00:02:00Z', '2026-01-01T00:04:00Z');
      expect([some.length, new Set(some).size]).toEqual([3_000, 3_000]);
      const rows = await TimedRow.find({ where: { n: { gte: 1_500, lt: 4_500 } }, limit: COUNT, db });
      expect(new Set(some)).toEqual(new Set(rows.map(({ id }) => `${id} 1`)));
      expect(await between('2026-01-01T00:04:00.001Z', '2026-01-02')).toEqual([]);
    });

    it('is found by an index, however long the history is', async () => {
      if (sql.engine === 'postgres') await db.execute('ANALYZE timed_rows_history');
      const since = new Date('2026-01-01T00:03:59Z');
      const where = '[history_timestamp] >= ? AND [history_timestamp] < ? AND ([history_timestamp] > ? OR [id] > ?)';
      const query = `SELECT [id], [version], [history_timestamp] FROM [timed_rows_history] WHERE ${where} ORDER BY [history_timestamp], [id], [version] LIMIT 500`;
      const plan = await db.query(`${EXPLAIN[sql.engine]} ${query}`, [
        since,
        new Date('2026-01-01T00:03:59.5Z'),
        since,
        '',
      ]);
      expect(JSON.stringify(plan)).toContain(INDEX);
    });
  });
}
