import { createConnection } from 'mysql2/promise';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConstraintError, type Database, ValidationError } from '../../../src/orm/index.js';
import { Product, Sample } from '../../conformance/orm/entities.js';
import { ownDatabase } from '../servers/own-database.js';

const MOMENT = new Date('2026-07-01T23:59:59.007Z');

export function describeValues(): void {
  describe('values', () => {
    const { open, url } = ownDatabase('mysql');
    let db: Database;
    beforeAll(async () => {
      const admin = await createConnection({ uri: url() });
      const name = new URL(url()).pathname.slice(1);
      await admin.query(`ALTER DATABASE \`${name}\` CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
      await admin.end();
      db = await open({ entities: [Product, Sample] });
      await db.migrate();
    });

    it('do not depend on how the database is set up', async () => {
      const row = {
        number: 0.1 + 0.2,
        bigint: 9007199254740993n,
        decimal: '1234567890.10',
        datetime: MOMENT,
        date: '2026-07-01',
        blob: new Uint8Array([0, 92, 255]),
        json: { b: [1e21, 5e-324, '\u{1f600}'], a: null },
      };
      const { id } = await Sample.save(row);
      const stored = await Sample.getOrThrow(id);
      expect({ ...stored, blob: new Uint8Array(stored.blob ?? []) }).toMatchObject(row);
      expect((await db.plan()).toString()).toBe('Nothing to do.');
      const [other] = await db.query('SELECT @@time_zone AS zone, TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP, NOW()) AS away');
      expect(other).toEqual({ zone: '+00:00', away: 0 });
    });

    it('keep the year 0 and the last day of the year 9999', async () => {
      const first = await Sample.save({ date: '0000-02-28', datetime: new Date('0000-01-01T00:00:00.001Z') });
      const last = await Sample.save({ date: '9999-12-31', datetime: new Date('9999-12-31T23:59:59.999Z') });
      expect(await Sample.getOrThrow(first.id)).toMatchObject({ date: first.date, datetime: first.datetime });
      expect(await Sample.getOrThrow(last.id)).toMatchObject({ date: last.date, datetime: last.datetime });
      const found = await Sample.find({ where: { date: { lt: '0001-01-01' } } });
      expect(found.map(({ id }) => id)).toEqual([first.id]);
    });

    it('come from a hand-written query as what they are', async () => {
      await Sample.save({ id: 'raw', bigint: 2n ** 60n, integer: 7, boolean: false, datetime: MOMENT, json: [1] });
      const rows = await db.query(
        'SELECT [bigint], [integer], [boolean], datetime, json, [decimal], SUM([integer]) OVER () AS n FROM samples WHERE id = ?',
        ['raw'],
      );
      expect(rows).toEqual([
        { bigint: 2n ** 60n, integer: 7, boolean: 0, datetime: MOMENT, json: '[1]', decimal: null, n: 7 },
      ]);
    });

    it('never leave their place in a statement', async () => {
      for (const value of [['a'], { toSqlString: () => 'x' }, undefined, () => 'x', Symbol('x')]) {
        await expect(db.query('SELECT ? AS x', [value])).rejects.toBeInstanceOf(ValidationError);
      }
      expect(await db.query('SELECT ? AS x', ["'; DROP TABLE samples; --"])).toEqual([
        { x: "'; DROP TABLE samples; --" },
      ]);
    });

    it('do not end up in the error of a constraint, nor in its cause', async () => {
      await Product.save({ name: 'secret-name', workspaceId: 'w' });
      for (const row of [{ name: 'secret-name' }, { name: 'secret-price', price: -1 }]) {
        const error = await Product.save({ ...row, workspaceId: 'w' }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(ConstraintError);
        const { cause, message, details } = error as ConstraintError;
        expect(JSON.stringify([message, details, cause, (cause as Error).message])).not.toContain('secret');
        expect(Object.values(cause as object).join()).not.toContain('secret');
      }
    });

    it('name table, columns and constraint in the error of a constraint', async () => {
      await Product.save({ name: 'twice', workspaceId: 'w' });
      await expect(Product.save({ name: 'twice', workspaceId: 'w' })).rejects.toMatchObject({
        kind: 'unique',
        table: 'products',
        columns: ['workspace_id', 'name'],
        constraint: 'uq_products_workspace_id_name',
      });
      const nameless = db.execute('INSERT INTO products (id, created_at, updated_at, _version) VALUES (?, ?, ?, 1)', [
        'x',
        MOMENT,
        MOMENT,
      ]);
      await expect(nameless).rejects.toMatchObject({ kind: 'not_null', table: 'products', columns: ['name'] });
    });

    it('of text compare byte by byte, trailing spaces, accents and letter case told apart', async () => {
      const names = ['same', 'same ', 'Same', 's\u00e4me', 'sa\u0308me'];
      await Product.saveMany(names.map((name) => ({ name, workspaceId: 'bytes' })));
      for (const name of names) {
        expect(await Product.count({ where: { workspaceId: 'bytes', name } })).toBe(1);
      }
      expect(await Product.count({ where: 'workspace_id = ? AND name = ?', params: ['bytes', 'same  '] })).toBe(0);
    });

    it('that are larger than the server takes are refused, and cost no connection', async () => {
      const one = await open({ entities: [Sample], poolSize: 1 });
      const session = (): Promise<object[]> => one.query('SELECT CONNECTION_ID() AS id');
      const before = await session();
      const [limit] = await one.query<{ bytes: number }>('SELECT @@max_allowed_packet AS bytes');
      const bytes = limit?.bytes ?? 0;
      for (const blob of [new Uint8Array(bytes), new Uint8Array(bytes - 50)]) {
        const refusal = await Sample.save({ blob }, { db: one }).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(ValidationError);
        expect(String(refusal)).toMatch(/more than the \d+ that the server takes \(max_allowed_packet\)/);
      }
      await expect(one.query('SELECT LENGTH(?)', ['x'.repeat(bytes)])).rejects.toBeInstanceOf(ValidationError);
      expect(await session()).toEqual(before);
    });

    it('that do not fit are refused instead of cut', async () => {
      const { id } = await Sample.save({});
      const change = (sql: string, value: unknown): Promise<number> =>
        db.execute(`UPDATE samples SET ${sql} = ? WHERE id = ?`, [value, id]);
      await expect(change('string', 'x'.repeat(11))).rejects.toBeInstanceOf(ValidationError);
      await expect(change('[date]', 'secret')).rejects.toBeInstanceOf(ValidationError);
      await expect(change('[date]', 'secret')).rejects.not.toThrow(/secret/);
      await expect(change('[boolean]', 300)).rejects.toBeInstanceOf(ValidationError);
    });
  });
}
