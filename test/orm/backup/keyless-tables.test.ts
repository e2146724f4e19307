import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvCell } from '../../../src/orm/backup/csv/csv-cell.js';
import type { Database } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { makeTable } from './foreign.js';

/** More than three pages of a reader, none of them at the end of one. */
const ROWS = 6_500;
const LARGE = 'L'.repeat(3_000_000);

/** PostgreSQL copies out what has more than one column. */
const ONCE = ['one_column', 'one_column', 'one_large'];
const TWICE = ['one_column', 'one_column', 'one_large', 'one_large'];

type Cells = readonly [n: number | null, text: string | null];

/** Rows that are the same, rows without values, and texts that sort otherwise by bytes than by a language. */
function rowOf(at: number): Cells {
  const n = at % 7 === 0 ? null : (at * 31) % 97;
  const texts = [null, '', 'a', 'B', 'é', '👍', '\uffee', `quoted "${at % 11}", twice`, 'Z', 'ab'];
  return [n, texts[at % 10] as string | null];
}

function byBytes(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return typeof a === 'number' ? a - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
}

/** What the file of a table has to say, by the rule: all columns in their order, values that are missing first. */
function csvOf(header: string, rows: ReadonlyArray<ReadonlyArray<string | number | null>>): string {
  const sorted = [...rows].sort((a, b) => a.map((cell, at) => byBytes(cell, b[at] ?? null)).find(Boolean) ?? 0);
  const lines = sorted.map((row) => row.map((cell) => csvCell(cell === null ? null : String(cell))).join(','));
  return `${[header, ...lines].join('\n')}\n`;
}

for (const backend of BACKENDS) {
  describe(`a table without a key, on ${backend.name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    const cells = Array.from({ length: ROWS }, (_, at) => rowOf(at));
    let db: Database;
    beforeAll(async () => {
      db = await backend.connect({ entities: [], dataDir, nativeBackup: false });
      const text = db.engine === 'mariadb' ? 'LONGTEXT' : 'TEXT';
      const made = { rows: ROWS, row: (at: number) => [...(cells[at] as Cells)] };
      await makeTable(db, { name: 'small_rows', columns: 'n INT, body VARCHAR(40)', ...made });
      await makeTable(db, { name: 'one_large', columns: `n INT, body ${text}`, ...made });
      await makeTable(db, { ...made, name: 'one_column', columns: `body ${text}`, row: (at) => [rowOf(at)[1]] });
      await db.execute('INSERT INTO one_large VALUES (40, ?)', [LARGE]);
      await db.execute('INSERT INTO one_column VALUES (?)', [LARGE]);
    }, 60_000);
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('is sorted once, or twice with large rows, in the order that it has on every engine', async () => {
      const sorting: string[] = [];
      const off = db.on('query', ({ sql }) => {
        const [, table] = /FROM .*?\b(small_rows|one_large|one_column)\b.* ORDER BY .*\bbody\b/s.exec(sql) ?? [];
        if (table) sorting.push(table);
      });
      const { path } = await db.backup();
      off();
      const file = (table: string): string => readFileSync(join(path, `${table}.csv`), 'utf8');
      const same = (table: string, expected: string): void =>
        expect(file(table) === expected, `${table}.csv is as it has to be`).toBe(true);
      same('small_rows', csvOf('n,body', cells));
      same('one_large', csvOf('n,body', [...cells, [40, LARGE]]));
      same('one_column', csvOf('body', [...cells.map(([, body]) => [body]), [LARGE]]));
      expect(sorting.sort()).toEqual([...(db.engine === 'postgresql' ? ONCE : TWICE), 'small_rows']);
    }, 60_000);

    it('is written where a transaction that is open has written it, and leaves that transaction fit for use', async () => {
      if (db.engine !== 'sqlite') return; // elsewhere a backup has a transaction of its own
      await db.context(async (inner) => {
        await inner.execute("INSERT INTO small_rows VALUES (-1, 'not committed yet')");
        const { path } = await db.backup();
        const expected = csvOf('n,body', [...cells, [-1, 'not committed yet']]);
        expect(readFileSync(join(path, 'small_rows.csv'), 'utf8') === expected).toBe(true);
        await inner.execute('DELETE FROM small_rows WHERE n = -1');
      });
      expect(await db.query('SELECT COUNT(*) AS rows_ FROM small_rows')).toEqual([{ rows_: ROWS }]);
    });
  });
}
