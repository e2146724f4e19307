import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

@Entity({ table: 'accounts_a' })
class Left extends Model {
  @Field({ type: 'integer', nullable: false }) balance!: number;
}

@Entity({ table: 'accounts_z' })
class Right extends Model {
  @Field({ type: 'integer', nullable: false }) balance!: number;
}

const ACCOUNTS = 50;
const START = 100;

for (const backend of BACKENDS) {
  describe(`row 24: a backup on ${backend.name} while others write`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    let db: Database;
    beforeAll(async () => {
      db = await backend.connect({ entities: [Left, Right], dataDir, nativeBackup: false });
      await db.migrate();
      const rows = Array.from({ length: ACCOUNTS }, (_, at) => ({ id: `account-${at}`, balance: START }));
      await Left.saveMany(rows);
      await Right.saveMany(rows);
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('is of one moment: no transfer is half in it', async () => {
      let running = true;
      let transfers = 0;
      const transfer = async (): Promise<void> => {
        while (running) {
          await new Promise((resolve) => setImmediate(resolve)); // in memory, nothing else would get a turn
          const id = `account-${transfers++ % ACCOUNTS}`;
          await db.context(async () => {
            await Left.update(id, { balance: (await Left.getOrThrow(id)).balance - 1 });
            await Right.update(id, { balance: (await Right.getOrThrow(id)).balance + 1 });
          });
        }
      };
      const writer = transfer();
      for (let round = 0; round < 5; round++) {
        const before = transfers;
        const { path } = await db.backup();
        const balances = ['accounts_a', 'accounts_z'].flatMap((table) => {
          const [header = '', ...lines] = readFileSync(join(path, `${table}.csv`), 'utf8')
            .trim()
            .split('\n');
          const at = header.split(',').indexOf('balance');
          return lines.map((line) => Number(line.split(',')[at]));
        });
        expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(2 * ACCOUNTS * START);
        while (transfers === before) await new Promise((resolve) => setImmediate(resolve));
      }
      running = false;
      await writer;
      expect(transfers).toBeGreaterThan(5);
    });
  });
}
