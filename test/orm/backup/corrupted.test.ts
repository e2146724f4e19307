import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectOptions, Database } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { HOSTILE_ENTITIES, saveHostileRows, Vault } from './hostile.js';

const KINDS: ReadonlyArray<[kind: string, options: ConnectOptions]> = [
  ['plain', {}],
  ['sealed', { backupEncryption: { key: '5'.repeat(64), local: true } }],
];

/** Where a file is damaged: its first and last bits, and some between. */
const PLACES = [0, 0.01, 0.25, 0.5, 0.75, 0.99];

for (const backend of BACKENDS)
  for (const [kind, options] of KINDS) {
    describe(`row 26: a ${kind} backup on ${backend.name}`, () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
      let db: Database;
      beforeAll(async () => {
        db = await backend.connect({ entities: HOSTILE_ENTITIES, dataDir, nativeBackup: false, ...options });
        await db.migrate();
        const vault = await Vault.save({ label: 'kept' }, { db });
        await db.context(() => saveHostileRows(vault.id));
      });
      afterAll(async () => {
        await db.close();
        await backend.cleanUp();
        rmSync(dataDir, { recursive: true, force: true });
      });

      it('with a bit changed, or an end cut off, is refused before the database is touched, whichever file it is', async () => {
        const { name, path } = await db.backup();
        const before = JSON.stringify(await Vault.find({ db }));
        let damaged = 0;
        let refused = 0;
        const isRefused = async (file: string, bytes: Buffer): Promise<void> => {
          damaged += 1;
          await writeFile(file, bytes);
          const ways = [db.restoreFull(name, { confirm: true })];
          // An import leaves the ledger alone, and does not look at it.
          if (!file.includes('_schema_migrations')) ways.push(db.restoreCsv(name, { confirm: true }) as never);
          const outcomes = await Promise.allSettled(ways);
          const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'restored'));
          expect(codes.join(), file).toMatch(/^(E_BACKUP_(CORRUPT|KEY),?)+$/);
          refused += 1;
        };
        for (const entry of await readdir(path)) {
          const file = join(path, entry);
          const original = await readFile(file);
          for (const place of PLACES) {
            const changed = Buffer.from(original);
            const at = Math.floor(place * (changed.length - 1));
            changed[at] = (changed[at] as number) ^ 4;
            await isRefused(file, changed);
            await isRefused(file, original.subarray(0, at));
          }
          await writeFile(file, original);
        }
        expect(refused).toBe(damaged);
        expect(damaged).toBe(6 * 2 * PLACES.length);
        process.stdout.write(`${backend.name}, ${kind}: ${refused}/${damaged} corrupted backups refused\n`);
        expect(JSON.stringify(await Vault.find({ db }))).toBe(before);
        expect(await db.listBackups()).toHaveLength(1); // no safety backup: nothing was begun
        expect((await stat(path)).isDirectory()).toBe(true);
        expect(await db.restoreFull(name, { confirm: true })).toMatchObject({ restoredFrom: name });
      }, 120_000);
    });
  }
