import { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConstraintError, type Database, ValidationError } from '../../../src/orm/index.js';
import { Product, Sample } from '../../conformance/orm/entities.js';
import { ownDatabase } from '../servers/own-database.js';

const MOMENT = new Date('2026-07-01T23:59:59.007Z');

export function describeValues(): void {
  describe('values', () => {
    const { open, url } = ownDatabase('postgres');
    let db: Database;
    beforeAll(async () => {
      const admin = new Client({ connectionString: url() });
      await admin.connect();
      const name = admin.escapeIdentifier(new URL(url()).pathname.slice(1));
      for (const setting of [
        "timezone = 'Asia/Kathmandu'",
        "datestyle = 'German'",
        "bytea_output = 'escape'",
        'extra_float_digits = -5',
        "default_transaction_isolation = 'serializable'",
        'default_transaction_read_only = on',
      ]) {
        await admin.query(`ALTER DATABASE ${name} SET ${setting}`);
      }
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
      const [other] = await db.query('SELECT current_setting(?) AS zone', ['timezone']);
      expect(other).toEqual({ zone: 'UTC' });
    });

    it('keep the year 0 and the last day of the year 9999', async () => {
      const first = await Sample.save({ date: '0000-02-29', datetime: new Date('0000-01-01T00:00:00.001Z') });
      const last = await Sample.save({ date: '9999-12-31', datetime: new Date('9999-12-31T23:59:59.999Z') });
      expect(await Sample.getOrThrow(first.id)).toMatchObject({ date: first.date, datetime: first.datetime });
      expect(await Sample.getOrThrow(last.id)).toMatchObject({ date: last.date, datetime: last.datetime });
      const found = await Sample.find({ where: { date: { lt: '0001-01-01' } } });
      expect(found.map(({ id }) => id)).toEqual([first.id]);
    });

    it('come from a hand-written query as what they are', async () => {
      await Sample.save({ id: 'raw', bigint: 2n ** 60n, integer: 7, boolean: false, datetime: MOMENT, json: [1] });
      const rows = await db.query(
        'SELECT bigint, integer, boolean, datetime, json, decimal, count(*) OVER () AS n FROM samples WHERE id = ?',
        ['raw'],
      );
      expect(rows).toEqual([
        { bigint: 2n ** 60n, integer: 7, boolean: false, datetime: MOMENT, json: [1], decimal: null, n: 1 },
      ]);
    });

    it('never leave their place in a statement', async () => {
      for (const value of [['a'], { toPostgres: () => 'x' }, undefined, () => 'x', Symbol('x')]) {
        await expect(db.query('SELECT ? AS x', [value])).rejects.toBeInstanceOf(ValidationError);
      }
      await expect(db.query('SELECT ?::text AS x', ['a\0b'])).rejects.toBeInstanceOf(ValidationError);
      expect(await db.query('SELECT ?::text AS x', ["'; DROP TABLE samples; --"])).toEqual([
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

    it('do not end up in the error of a value that does not fit', async () => {
      for (const sql of ['SELECT ?::integer', 'SELECT ?::uuid', 'SELECT ?::date', 'SELECT ?::jsonb']) {
        const error = await db.query(sql, ['hush "and" hush']).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'E_VALIDATION' });
        const { message, cause } = error as Error & { cause: Error };
        expect([message, cause.message, cause.stack].join()).not.toContain('hush');
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
      await expect(db.execute('INSERT INTO products (id) VALUES (?)', ['x'])).rejects.toMatchObject({
        kind: 'not_null',
        table: 'products',
        columns: ['created_at'],
      });
    });
  });
}
