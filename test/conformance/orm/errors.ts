import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConnectionError, ConstraintError, KernelError, SchemaError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { LogLine, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeErrors(backend: Backend): void {
  describe('errors', () => {
    const db = withDatabase(backend);

    it('name table, columns and kind of a broken constraint, and no value', async () => {
      await Product.save({ name: 'secret-value', workspaceId: 'w' });
      const fault = await Product.save({ name: 'secret-value', workspaceId: 'w' }).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(ConstraintError);
      expect(fault).toMatchObject({
        code: 'E_CONSTRAINT',
        kind: 'unique',
        table: 'products',
        columns: ['workspace_id', 'name'],
      });
      expect(String(fault)).not.toContain('secret-value');
    });

    it('show the line that caused them, below the calls of the kernel', async () => {
      const depth = Error.stackTraceLimit;
      Error.stackTraceLimit = 10; // what Node has; the test runner raises it
      try {
        await Product.save({ name: 'twice', workspaceId: 'w' });
        const fault = await Product.save({ name: 'twice', workspaceId: 'w' }).catch((error: Error) => error.stack);
        expect(fault).toContain('test/conformance/orm/errors.ts');
        expect(Error.stackTraceLimit).toBe(10);
      } finally {
        Error.stackTraceLimit = depth;
      }
    });

    it('tell not_null and check apart', async () => {
      await expect(Product.save({ workspaceId: 'w' })).rejects.toMatchObject({ kind: 'not_null', columns: ['name'] });
      await expect(Product.save({ name: 'x', workspaceId: 'w', price: -1 })).rejects.toMatchObject({
        kind: 'check',
        table: 'products',
        constraint: expect.stringContaining('price'),
      });
      await expect(Product.save({ name: 'y', workspaceId: 'w', status: 'lost' })).rejects.toMatchObject({
        kind: 'check',
      });
    });

    it('call a statement that cannot be understood a SchemaError', async () => {
      await expect(db().query('SELECT nothing FROM nowhere')).rejects.toThrow(SchemaError);
    });

    it('name the migration where a table or a column is missing, and nowhere else', async () => {
      const empty = await backend.connect({ entities: [LogLine] });
      const mend = /where an entity declares it, await db\.migrate\(\) first/;
      await expect(LogLine.count({ db: empty })).rejects.toThrow(mend);
      await empty.migrate();
      await expect(empty.query('SELECT colour FROM log_lines')).rejects.toThrow(mend);
      await expect(empty.query('INSERT INTO log_lines (colour) VALUES (1)')).rejects.toThrow(mend);
      await expect(empty.query('SELECT FROM WHERE')).rejects.not.toThrow(mend);
      await empty.close();
    });

    it('do not repeat what another program has stored as json and is none', async () => {
      const { id } = await Product.save({ name: 'garbage', workspaceId: 'w' });
      const stored = await db()
        .execute('UPDATE products SET tags = ? WHERE id = ?', ['secret {', id])
        .catch((error: unknown) => error);
      const read = await Product.get(id).catch((error: unknown) => error);
      const fault = stored instanceof Error ? stored : read; // a server that knows json refuses it
      expect(fault).toBeInstanceOf(KernelError);
      expect(inspect(fault, { depth: 5 })).not.toContain('secret');
      await db().execute('UPDATE products SET tags = NULL WHERE id = ?', [id]);
    });

    it('refuse an entity that the database does not list', async () => {
      const other = await backend.connect({ entities: [LogLine] });
      await expect(Product.count({ db: other })).rejects.toThrow(/Product is not among the entities/);
      await other.close();
    });

    it('refuse work on a closed database', async () => {
      const other = await backend.connect({ entities: [LogLine] });
      await other.migrate();
      await other.close();
      await other.close();
      await expect(LogLine.count({ db: other })).rejects.toThrow(ConnectionError);
    });
  });
}
