import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/ports.js';
import { CellsToCsv } from '../../../src/orm/backup/csv/cells-to-csv.js';
import { describeTables } from '../../../src/orm/backup/manifest/describe-table.js';
import { exportByCells, isExportedByCells } from '../../../src/orm/backup/snapshot/cell-export.js';
import { headerOf, tableText } from '../../../src/orm/backup/snapshot/table-text.js';
import { connect } from '../../../src/orm/index.js';
import { DatabaseCore } from '../../../src/orm/session/database-core.js';
import { openEngine } from '../../../src/orm/session/engines.js';
import { seededRandom } from '../../chaos/seeded-random.js';
import { HOSTILE_ENTITIES, saveHostileRows, Treasure, Vault } from './hostile.js';

const { seed } = seededRandom();
const STRANGE_TEXTS = [
  '\x1e',
  '\x1f',
  '\x1ea',
  'a\x1fb',
  '\x01',
  '\x1d',
  'a\0b',
  '\0',
  ' ',
  '\ufeff',
  '\t',
  '-',
  '-9',
  '00,5',
];
const STRANGE_BYTES = ['', '00', '80', 'ff', 'c3a9', 'eda080', '61ff62', '1e', '1f', '2c22'];
/** As SQL: values of every kind. */
const STRANGE = [
  ...STRANGE_TEXTS.map((value) => `CAST(x'${Buffer.from(value).toString('hex')}' AS TEXT)`),
  ...STRANGE_BYTES.flatMap((hex) => [`x'${hex}'`, `CAST(x'${hex}' AS TEXT)`]),
  ...'1.5 -0.0 1e20 1e400 -1e400 5e-324 0.1 123456789012345678 9007199254740993 -7 0 1 2 1e15 999999999999999.0'.split(
    ' ',
  ),
];

describe(`the same rows, written by SQLite and by us, with CHAOS_SEED=${seed}`, () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    file = join(folder, 'app.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Compares every table. @returns how many rows of each came as cells, and how many as lines. */
  async function compare(
    entities: typeof HOSTILE_ENTITIES | [] = [],
  ): Promise<Record<string, [cells: number, lines: number]>> {
    const core = new DatabaseCore(await openEngine(`sqlite:${file}`, { acquireTimeoutMs: 1_000 }), {
      entities,
      logger: silentLogger,
      tracer: false,
    });
    try {
      return await core.unit(
        async (scope) => {
          const found: Record<string, [number, number]> = {};
          for (const table of await describeTables(scope, await core.dialect.introspect(scope))) {
            let ours = '';
            for await (const { text } of tableText(scope, table)) ours += text;
            if (!(await isExportedByCells(scope, table))) continue;
            const csv = new CellsToCsv(table.columns.map(({ type }) => type));
            const pieces: Uint8Array[] = [Buffer.from(headerOf(table))];
            const rows: [number, number] = [0, 0];
            await exportByCells(scope, table, {
              cells: async (page, count) => {
                rows[0] += count;
                pieces.push(csv.csv(page));
              },
              lines: async ({ text, rows: count }) => {
                rows[1] += count;
                pieces.push(Buffer.from(text));
              },
            });
            const theirs = Buffer.concat(pieces).toString();
            const lines = ours.split('\n');
            const other = theirs === ours ? -1 : theirs.split('\n').findIndex((line, at) => line !== lines[at]);
            expect(other, `${table.name}, line ${other}: ${lines[other]?.slice(0, 300)}`).toBe(-1);
            found[table.name] = rows;
          }
          return found;
        },
        { readOnly: true, patient: true },
      );
    } finally {
      await core.close();
    }
  }

  const made = async (): Promise<string> => {
    const db = await connect(`sqlite:${file}`, { entities: HOSTILE_ENTITIES, dataDir: folder, nativeBackup: false });
    await db.migrate();
    const vault = await Vault.save({ label: 'a' }, { db });
    await db.context(() => saveHostileRows(vault.id));
    await db.close();
    return vault.id;
  };
  const change = (work: (db: Sqlite.Database) => void): void => {
    const db = new Sqlite(file);
    try {
      db.transaction(() => work(db))();
    } finally {
      db.close();
    }
  };

  it('are the same for every type at its edges', async () => {
    await made();
    const found = await compare(HOSTILE_ENTITIES);
    expect(found.treasures?.[1]).toBe(0);
    expect(found.treasures?.[0]).toBeGreaterThan(40);
    expect(found.treasures_history?.[1]).toBe(0);
  });

  it('are the same for generated rows', async () => {
    await made();
    const db = await connect(`sqlite:${file}`, { entities: HOSTILE_ENTITIES, dataDir: folder, nativeBackup: false });
    const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => !/[\0\p{Cs}]/u.test(value));
    const decimal = (digits: number, scale: number) =>
      fc
        .bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n })
        .map(
          (value) =>
            `${value < 0n ? '-' : ''}${String(value)
              .replace('-', '')
              .padStart(scale + 1, '0')}`,
        )
        .map((value) => `${value.slice(0, -scale)}.${value.slice(-scale)}`);
    const [rows = []] = fc.sample(
      fc.array(
        fc.record({
          text,
          string: text,
          integer: fc.maxSafeInteger(),
          bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          number: fc.oneof(
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.integer().map((value) => value / 100),
            fc.maxSafeInteger(),
          ),
          decimal: decimal(12, 2),
          longDecimal: decimal(38, 10),
          boolean: fc.boolean(),
          datetime: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
          json: fc
            .jsonValue({ maxDepth: 4 })
            .filter((value) => !/[\0\p{Cs}]|\\u(?:0000|d[89a-f])/u.test(JSON.stringify(value))),
          blob: fc.uint8Array({ maxLength: 300 }),
        }),
        { minLength: 3_000, maxLength: 3_000, size: 'max' },
      ),
      { numRuns: 1, seed },
    );
    await Treasure.saveMany(rows as never, { db });
    await db.close();
    const { treasures: [cells = 0, lines = 0] = [] } = await compare(HOSTILE_ENTITIES);
    expect(cells).toBeGreaterThan(3_000);
    expect(lines).toBeLessThan(30); // those with one of the characters that mean something between cells
  }, 60_000);

  it('are the same for values of every kind in every column', async () => {
    await made();
    const kindOf: Record<string, string> = { long_decimal: 'CAST', blob: 'x' }; // we write no other there either
    let columns: Array<{ name: string; notnull: number; pk: number }> = [];
    change((db) => {
      columns = db.pragma('table_info(treasures)') as typeof columns;
    });
    const free = columns.filter(({ notnull, pk, name }) => !notnull && !pk && !/^(vault_id|\w+_by)$/.test(name));
    for (const { name } of free) {
      const values = STRANGE.filter((sql) => sql.startsWith(kindOf[name] ?? ''));
      change((db) => {
        db.exec("DELETE FROM treasures WHERE id LIKE 's%'");
        for (const [at, value] of values.entries())
          db.exec(
            `INSERT INTO treasures (id, created_at, updated_at, _version, "${name}") VALUES
              ('s-${name}-${String(at).padStart(6, '0')}', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 1, ${value})`,
          );
      });
      const { treasures: [cells = 0, lines = 0] = [] } = await compare(HOSTILE_ENTITIES);
      expect(cells + lines, name).toBeGreaterThan(values.length);
      if (name !== 'blob') expect(lines, `${name} has no row that SQLite is not sure of`).toBeGreaterThan(0);
      expect(lines, `${name} is read by us from some row on`).toBeLessThan(100);
    }
  }, 60_000);

  it('are the same whatever a table and its key look like', async () => {
    change((db) => {
      db.exec('CREATE TABLE cells (cells TEXT, page INT, line REAL, PRIMARY KEY (cells, page))');
      db.exec('CREATE TABLE page (page INTEGER PRIMARY KEY, cells TEXT)');
      db.exec('CREATE TABLE one (k TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID');
      db.exec('CREATE TABLE spaces (k TEXT COLLATE RTRIM PRIMARY KEY, v TEXT COLLATE RTRIM)');
      db.exec('CREATE TABLE bytes (k BLOB PRIMARY KEY, v BLOB)');
      db.exec('CREATE TABLE numbers (k REAL PRIMARY KEY, v NUMERIC)');
      db.exec('CREATE TABLE large (k BIGINT PRIMARY KEY, v TEXT)');
      db.exec('CREATE TABLE none (k INT PRIMARY KEY, v TEXT)');
      db.exec('CREATE TABLE keyless (k INT, v TEXT)');
      db.exec('CREATE TABLE exact (k INT PRIMARY KEY, v TEXT)');
      db.exec(
        `CREATE TABLE wide (${Array.from({ length: 1_200 }, (_, at) => `c${at} INT`).join(', ')}, PRIMARY KEY (c7))`,
      );
      for (let at = 0; at < 2_500; at++) {
        db.prepare('INSERT INTO cells VALUES (?, ?, ?)').run('zam'[at % 3], BigInt(at), at / 7);
        db.prepare('INSERT INTO page VALUES (?, ?)').run(BigInt(at * 3 - 90), at % 5 === 0 ? null : `"${at}",`);
        db.prepare('INSERT INTO one VALUES (?)').run(`${'aB'[at % 2]}${at}`);
        db.prepare('INSERT INTO spaces VALUES (?, ?)').run(`${at}`, ' '.repeat(at % 3));
        db.prepare('INSERT INTO bytes VALUES (?, ?)').run(Buffer.from(`${at}`), Buffer.alloc(at % 4, 255));
        db.prepare('INSERT INTO numbers VALUES (?, ?)').run(at / 3, at % 2 === 0 ? at + 0.5 : BigInt(at));
        db.prepare('INSERT INTO large VALUES (?, ?)').run(
          2n ** 62n + BigInt(at),
          at % 100 === 0 ? 'x'.repeat(300_000) : 'y',
        );
        if (at < 2_000) db.prepare('INSERT INTO exact VALUES (?, ?)').run(BigInt(at), 'v');
      }
      db.exec(`INSERT INTO wide VALUES (${Array.from({ length: 1_200 }, (_, at) => at).join()})`);
    });
    const found = await compare();
    expect(Object.values(found).map(([, lines]) => lines)).toEqual(Object.values(found).map(() => 0));
    expect(found).toMatchObject({
      cells: [2_500, 0],
      large: [2_500, 0],
      exact: [2_000, 0],
      none: [0, 0],
      wide: [1, 0],
    });
    expect(found).not.toHaveProperty('keyless');
  }, 60_000);

  it('are the same where hardly a row can be written by SQLite', async () => {
    change((db) => {
      db.exec('CREATE TABLE odd (k INT PRIMARY KEY, v TEXT)');
      for (let at = 0; at < 3_000; at++) db.prepare('INSERT INTO odd VALUES (?, ?)').run(BigInt(at), `${at}\x1f`);
    });
    expect(await compare()).toEqual({ odd: [0, 3_000] });
  });

  it('are left to us where texts are UTF-16', async () => {
    change((db) => db.pragma('user_version = 0'));
    rmSync(file);
    const db = new Sqlite(file);
    db.pragma("encoding = 'UTF-16le'");
    db.exec("CREATE TABLE wide (k TEXT PRIMARY KEY); INSERT INTO wide VALUES ('é')");
    db.close();
    expect(await compare()).toEqual({});
  });

  it('are refused where the key does not page', async () => {
    change((db) => {
      db.exec('CREATE TABLE nulls (a INT, b TEXT, PRIMARY KEY (a, b))');
      for (let at = 0; at < 3_000; at++) db.prepare('INSERT INTO nulls VALUES (NULL, ?)').run(`${at}`);
    });
    await expect(compare()).rejects.toThrow('nulls has 3000 rows, of which');
  });
});
