import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/ports.js';
import { describeTables } from '../../../src/orm/backup/manifest/describe-table.js';
import { TableReader } from '../../../src/orm/backup/snapshot/table-reader.js';
import { DatabaseCore } from '../../../src/orm/session/database-core.js';
import { openEngine } from '../../../src/orm/session/engines.js';
import { freshDatabase, SQL_BACKENDS } from '../../setup/sql-backends.js';

const MEGABYTE = 1024 * 1024;
/** Of a body by its letter. Of small ones, before them and behind them, there are as many as fill a page, and one. */
const BYTES: Readonly<Record<string, number>> = { c: 3 * MEGABYTE, d: 9 * MEGABYTE, x: 2 * MEGABYTE };
const SMALL = 2_001;
const LARGE = 'ccccdxxxxx';

for (const { name, engine } of SQL_BACKENDS) {
  it(`reads a table without a key in pages that memory has room for, on ${name}`, async () => {
    const database = await freshDatabase(name);
    const core = new DatabaseCore(await openEngine(database.url, { acquireTimeoutMs: 1_000 }), {
      entities: [],
      logger: silentLogger,
      tracer: false,
    });
    try {
      const mark = core.dialect.placeholder(1);
      await core.run(`CREATE TABLE bodies (body ${engine === 'mysql' ? 'LONGTEXT' : 'TEXT'})`, []);
      for (const from of ['b', 'y'])
        await core.run(`INSERT INTO bodies VALUES ${Array(SMALL).fill(`('${from}')`).join()}`, []);
      for (const letter of LARGE)
        await core.run(`INSERT INTO bodies VALUES (${mark})`, [letter.repeat(BYTES[letter] as number)]);
      const pages: string[] = [];
      await core.unit(
        async (scope) => {
          const [table] = await describeTables(scope, await core.dialect.introspect(scope));
          if (!table) throw new Error('The table is missing');
          const letter = (row: unknown[]): string => (row[0] as string).charAt(0);
          for await (const page of new TableReader(scope, table).pages()) pages.push(page.map(letter).join(''));
        },
        { readOnly: true },
      );
      expect(pages).toEqual(['b'.repeat(2_000), 'bcc', 'cc', 'd', 'xxxx', `x${'y'.repeat(1_999)}`, 'yy']);
    } finally {
      await core.close();
      await database.drop();
    }
  }, 60_000);
}
