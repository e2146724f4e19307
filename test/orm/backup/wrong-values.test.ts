import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup, Database } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { HOSTILE_ENTITIES, Treasure, Vault } from './hostile.js';
import { sums } from './sums.js';
import { tamper } from './tampering.js';

/** What somebody writes over what the second row has, and what is said of it. */
const WRONG: ReadonlyArray<[was: string, is: string, says: RegExp]> = [
  ['4242', '4242a', /^Row 2 of treasures\.csv: integer is not an integer$/],
  ['4343', '"43,43"', /^Row 2 of treasures\.csv: bigint is not an integer$/],
  ['0.25', '0.25f', /^Row 2 of treasures\.csv: number is not a number$/],
  ['true', 'yes', /^Row 2 of treasures\.csv: boolean is not true or false$/],
  ['AQID', 'AQI', /^Row 2 of treasures\.csv: blob is not base64$/],
  ['4242', '4242,4242', /^Row 2 of treasures\.csv has 22 values$/],
  ['4242', '42"42', /has a quote inside an unquoted value$/],
  ['"two\nlines"', '"two\nlines" ', /has text behind a closing quote$/],
];

/** What only an engine can tell that reads the file by itself; the row before has a value of several lines. */
const REFUSED: typeof WRONG = [
  ['2026-01-02', '2026-13-02', /^Row 2 of treasures\.csv: date: A value does not fit/],
  ['[7]', '[7', /^Row 2 of treasures\.csv: json: A value does not fit/],
  ['two', 'two\0', /^Row 2 of treasures\.csv: A value does not fit/],
  ['1111-8', '0000-8', /^Row 2 of treasures\.csv: A row with the same value exists already: _?\w+ \(id\)$/],
];

for (const backend of BACKENDS) {
  describe(`a backup with values that are none, on ${backend.name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    let db: Database;
    let backup: Backup;
    beforeAll(async () => {
      db = await backend.connect({ entities: HOSTILE_ENTITIES, dataDir, nativeBackup: false });
      await db.migrate();
      const vault = await Vault.save({ label: 'kept' });
      const ids = ['0000', '1111', '2222'].map((part) => `018f4e9e-7a3c-7cc2-${part}-8f0d1d2e3f4a`);
      const value = {
        vaultId: vault.id,
        text: 'two\nlines',
        integer: 4242,
        bigint: 4343n,
        number: 0.25,
        boolean: true,
      };
      const more = { date: '2026-01-02', json: [7], blob: Uint8Array.of(1, 2, 3), string: '\\.' };
      await Treasure.saveMany(ids.map((id) => ({ id, ...value, ...more })));
      backup = await db.backup();
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    const atSecondRow = (was: string, is: string) => (text: string) => {
      const row = text.indexOf('-1111-');
      const at = text.indexOf(was, was === '1111-8' ? row : text.indexOf(',', row));
      expect(at).toBeGreaterThan(row - 1);
      return text.slice(0, at) + is + text.slice(at + was.length);
    };

    it('is refused with the file, the row and the column, and nothing is imported', async () => {
      const before = await sums(backup.path);
      const cases = backend.name === 'postgres' ? [...WRONG, ...REFUSED] : WRONG;
      for (const [was, is, says] of cases) {
        const undo = await tamper(backup.path, 'treasures.csv', atSecondRow(was, is));
        const refused = await db.restoreFull(backup.name, { confirm: true }).catch((error: Error) => error);
        await undo();
        expect(String((refused as Error).message), `${was} → ${is}`).toMatch(says);
        expect(await sums((await db.backup()).path), `${was} → ${is}`).toEqual(before);
      }
    }, 120_000);

    it('may have lines that end in CRLF, here and there, and more quotes than it needs', async () => {
      const before = await sums(backup.path);
      const undo = await tamper(backup.path, 'treasures.csv', (text) =>
        text.replaceAll('4242', '"4242"').replace(/(.)\n(?=018f4e9e-7a3c-7cc2-1111)/, '$1\r\n'),
      );
      await db.restoreFull(backup.name, { confirm: true });
      await undo();
      expect(await sums((await db.backup()).path)).toEqual(before);
    });
  });
}
