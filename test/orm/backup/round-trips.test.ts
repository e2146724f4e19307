import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Database } from '../../../src/orm/index.js';
import { seededRandom } from '../../chaos/seeded-random.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { HOSTILE_ENTITIES, saveHostileRows, Treasure, Vault } from './hostile.js';
import { sums } from './sums.js';

const FILES = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');
const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => !/[\0\p{Cs}]/u.test(value));
const storable = (value: unknown): boolean => !/[\0\p{Cs}]|\\u(?:0000|d[89a-f])/u.test(JSON.stringify(value));

/** Rows that nobody would think of. */
const rows = fc.array(
  fc.record({
    text,
    string: text,
    integer: fc.maxSafeInteger(),
    bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    number: fc.double({ noNaN: true, noDefaultInfinity: true }),
    longDecimal: fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.boolean()).map(([digits, negative]) => {
      const all = String(digits).padStart(11, '0');
      return `${negative ? '-' : ''}${all.slice(0, -10)}.${all.slice(-10)}`;
    }),
    datetime: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    json: fc.jsonValue({ maxDepth: 4 }).filter(storable),
    blob: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 20, maxLength: 40 },
);

const { seed } = seededRandom();

describe('row 30: a backup', () => {
  const databases: TestDatabase[] = [];
  const opened: Database[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
  const open = async (name: (typeof FILES)[number]['name']): Promise<Database> => {
    const database = await freshDatabase(name);
    databases.push(database);
    const db = await connect(database.url, {
      entities: HOSTILE_ENTITIES,
      dataDir: database.dataDir,
      nativeBackup: false,
    });
    opened.push(db);
    return db;
  };
  beforeAll(() => {
    process.stdout.write(`Rows of seed ${seed}; to repeat them: CHAOS_SEED=${seed}\n`);
  });
  afterAll(async () => {
    for (const db of opened) await db.close();
    for (const database of databases) await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const from of FILES) {
    it(`of ${from.name} comes out of every engine as it went in`, async () => {
      const source = await open(from.name);
      await source.migrate();
      const vault = await Vault.save({ label: 'a' }, { db: source });
      await source.context(() => saveHostileRows(vault.id));
      const [generated = []] = fc.sample(rows, { numRuns: 1, seed });
      await Treasure.saveMany(generated as never, { db: source });
      const original = await source.backup();
      const expected = await sums(original.path);
      for (const to of FILES) {
        const target = await open(to.name);
        const there = databases.at(-1)?.dataDir as string;
        await cp(original.path, join(there, 'backups', original.name), { recursive: true });
        expect(await target.restoreFull(original.name, { confirm: true })).toMatchObject({ lost: [] });
        const again = await target.backup();
        expect(await sums(again.path), `${from.name} → ${to.name}`).toEqual(expected);
        const read = await Treasure.find({ db: target, orderBy: 'id' });
        expect(read).toEqual(await Treasure.find({ db: source, orderBy: 'id' }));
      }
    }, 120_000);
  }

  it('holds no NUL in a text, which no engine takes, and every byte of a blob', async () => {
    for (const { name } of FILES) {
      const db = await open(name);
      await db.migrate();
      await expect(Treasure.save({ text: 'a\0b' }, { db })).rejects.toMatchObject({
        code: 'E_VALIDATION',
        issues: [expect.objectContaining({ loc: ['text'] })],
      });
      const { id } = await Treasure.save({ blob: Uint8Array.of(0, 255, 0) }, { db });
      const { path, name: backup } = await db.backup();
      expect(Object.keys(await sums(path))).toContain('treasures.csv');
      await db.restoreFull(backup, { confirm: true });
      expect((await Treasure.getOrThrow(id, { db })).blob).toEqual(Buffer.of(0, 255, 0));
    }
  }, 60_000);

  it('goes round from engine to engine and comes back unchanged', async () => {
    let db = await open('sqlite-file');
    await db.migrate();
    const vault = await Vault.save({ label: 'round' }, { db });
    await db.context(() => saveHostileRows(vault.id));
    let backup = await db.backup();
    const expected = await sums(backup.path);
    for (const { name } of [...FILES.slice(1), ...FILES.slice(0, 1)]) {
      db = await open(name);
      const there = databases.at(-1)?.dataDir as string;
      await cp(backup.path, join(there, 'backups', backup.name), { recursive: true });
      await db.restoreFull(backup.name, { confirm: true });
      backup = await db.backup();
      expect(await sums(backup.path)).toEqual(expected);
    }
  }, 120_000);
});
