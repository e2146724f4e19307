import { beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/orm/index.js';
import { MAX_STATEMENTS } from '../../../src/orm/mysql/wire/statement-cache.js';
import { ownDatabase } from '../servers/own-database.js';

const COLUMNS = {
  tiny: ['tinyint', -128, 127],
  tiny_unsigned: ['tinyint unsigned', 0, 255],
  small: ['smallint', -32_768, 32_767],
  small_unsigned: ['smallint unsigned', 0, 65_535],
  medium: ['mediumint', -8_388_608, 8_388_607],
  medium_unsigned: ['mediumint unsigned', 0, 16_777_215],
  whole: ['int', -2_147_483_648, 2_147_483_647],
  whole_unsigned: ['int unsigned', 0, 4_294_967_295],
  big: ['bigint', -(2n ** 63n), 2n ** 63n - 1n],
  big_unsigned: ['bigint unsigned', 0, 2n ** 64n - 1n],
  safe: ['bigint', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  single: ['float', -0.5, 0.25],
  double_: ['double', -1.5e-300, 0.1],
  decimal_: ['decimal(30,10)', '-12345678901234567890.0123456789', '0.0000000000'],
  day: ['date', '0000-01-01', '9999-12-31'],
  moment: ['datetime(6)', new Date('0000-01-01T00:00:00.000Z'), new Date('9999-12-31T23:59:59.999Z')],
  second: ['datetime', new Date('2026-02-28T00:00:00.000Z'), new Date('2026-02-28T23:59:59.000Z')],
  stamp: ['timestamp(3) NULL', new Date('1970-01-01T00:00:01.001Z'), new Date('2038-01-19T03:14:07.999Z')],
  clock: ['time(6)', '-838:59:59.999999', '00:00:00'],
  short_clock: ['time', '-00:00:01', '27:30:00'],
  year_: ['year', 1901, 2155],
  bits: ['bit(10)', Buffer.from([0, 0]), Buffer.from([3, 255])],
  choice: ["enum('a', 'ü')", 'a', 'ü'],
  choices: ["set('a', 'b')", '', 'a,b'],
  fixed: ['char(3)', '', '😀ü€'],
  bytes: ['varbinary(4)', Buffer.alloc(0), Buffer.from([0, 255, 10, 92])],
  text_: ['longtext', 'x'.repeat(70_000), '😀'.repeat(20_000)],
  blob_: ['longblob', Buffer.alloc(251, 7), Buffer.alloc(70_000, 200)],
} as const;

const names = Object.keys(COLUMNS).map((name) => `\`${name}\``);

export function describeProtocol(): void {
  describe('the binary protocol', () => {
    const { open } = ownDatabase('mysql');
    let db: Database;
    beforeAll(async () => {
      db = await open({ entities: [], poolSize: 1 });
      const columns = Object.entries(COLUMNS).map(([name, [type]]) => `\`${name}\` ${type}`);
      await db.execute(`CREATE TABLE every_type (row_ integer PRIMARY KEY, ${columns.join(', ')})`);
    });

    it('brings every type of column back as it was', async () => {
      const marks = names.map(() => '?').join(', ');
      for (const row of [1, 2] as const) {
        const values = Object.values(COLUMNS).map((column) => column[row]);
        await db.execute(`INSERT INTO every_type VALUES (${row}, ${marks})`, values);
        const [stored] = await db.query(`SELECT ${names.join(', ')} FROM every_type WHERE row_ = ?`, [row]);
        for (const [index, name] of Object.keys(COLUMNS).entries())
          expect([name, stored?.[name]]).toEqual([name, values[index]]);
      }
      await db.execute('INSERT INTO every_type (row_) VALUES (3)');
      const [empty] = await db.query(`SELECT ${names.join(', ')} FROM every_type WHERE row_ = 3`);
      expect(Object.values(empty ?? {})).toEqual(names.map(() => null));
    });

    it('carries every kind of parameter', async () => {
      const values = [
        0,
        -1,
        2 ** 32,
        -(2 ** 40) - 1,
        0.1,
        2n ** 63n - 1n,
        -(2n ** 63n),
        '',
        'ü'.repeat(126),
        'x'.repeat(70_000),
      ];
      for (const value of values) expect(await db.query('SELECT ? AS x', [value])).toEqual([{ x: value }]);
      expect(await db.query('SELECT ? AS x, ? AS y, ? AS z', [null, true, false])).toEqual([{ x: null, y: 1, z: 0 }]);
      expect(await db.query('SELECT ? = 18446744073709551616 AS same', [2n ** 64n])).toEqual([{ same: 1 }]);
      const many = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? null : index));
      const [row] = await db.query(`SELECT ${many.map((_, index) => `? AS c${index}`).join(', ')}`, many);
      expect(Object.values(row ?? {})).toEqual(many);
    });

    it('limits by a parameter', async () => {
      expect(await db.query('SELECT row_ FROM every_type ORDER BY row_ LIMIT ?', [1])).toEqual([{ row_: 1 }]);
    });

    it('answers the first result of a procedure, and leaves nothing behind', async () => {
      await db.execute('CREATE PROCEDURE two_results(n integer) BEGIN SELECT n AS a; SELECT n + 1 AS b, 2 AS c; END');
      expect(await db.query('CALL two_results(?)', [7])).toEqual([{ a: 7 }]);
      expect(await db.query('SELECT 8 AS after')).toEqual([{ after: 8 }]);
    });

    it('goes on after an error in the middle of a result', async () => {
      const broken = db.query(
        'SELECT row_, (SELECT row_ FROM every_type e WHERE e.row_ >= t.row_) AS x FROM every_type t ORDER BY t.row_ DESC',
      );
      await expect(broken).rejects.toThrow(/more than 1 row/);
      expect(await db.query('SELECT 8 AS after')).toEqual([{ after: 8 }]);
    });

    it('keeps a bounded number of statements prepared', async () => {
      const prepared = async (): Promise<number> => {
        const [row] = await db.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Com_stmt_close'");
        return Number(row?.Value);
      };
      const before = await prepared();
      for (let number = 0; number < MAX_STATEMENTS + 10; number++) {
        expect(await db.query(`SELECT ${number} AS n`)).toEqual([{ n: number }]);
      }
      expect((await prepared()) - before).toBeGreaterThanOrEqual(10);
      expect(await db.query('SELECT 0 AS n')).toEqual([{ n: 0 }]);
    });
  });
}
