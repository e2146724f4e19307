import { beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { ownDatabase } from '../servers/own-database.js';

@Entity({ table: 'streamed', history: false })
class Streamed extends Model {
  @Field({ type: 'integer' }) number!: number;
  @Field({ type: 'text' }) note!: string;
}

export function describeStreams(): void {
  describe('a stream', () => {
    const { open } = ownDatabase('postgres');
    let db: Database;
    beforeAll(async () => {
      db = await open({ entities: [Streamed] });
      await db.migrate();
      await db.execute(
        'INSERT INTO streamed (id, number, note, created_at, updated_at, deleted_at) ' +
          "SELECT [number]::text, [number], repeat('x', 500), now(), now(), " +
          'CASE WHEN [number] % 100 = 0 THEN now() END FROM generate_series(1, 20000) AS [number]',
      );
    });

    it('reads its batches in the order of the index, also where the table has never been analyzed', async () => {
      const statements: string[] = [];
      const off = db.on('query', ({ sql }) => void statements.push(sql));
      let rows = 0;
      for await (const row of Streamed.stream({ db })) rows += row.number % 100 === 0 ? 0 : 1;
      off();
      expect(rows).toBe(19_800);
      const plan = await db.query(`EXPLAIN ${statements[0]}`);
      expect(JSON.stringify(plan)).toContain('Index Scan');
      expect(JSON.stringify(plan)).not.toContain('Sort');
    });

    it('leaves out what is soft-deleted, unless it is wanted', async () => {
      const count = async (options: { includeDeleted?: boolean; where?: object }): Promise<number> => {
        let rows = 0;
        for await (const _row of Streamed.stream({ db, ...options })) rows += 1;
        return rows;
      };
      expect(await count({ where: { number: { lte: 200 } } })).toBe(198);
      expect(await count({ where: { number: { lte: 200 } }, includeDeleted: true })).toBe(200);
    });
  });
}
