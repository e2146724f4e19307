import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { CompiledOrm } from '../compiled-orm.js';

const run = promisify(execFile);

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
  describe(`a backup on ${backend.name} while others write`, () => {
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

describe('a backup that the disk has no room for', () => {
  it('is a clean error, is not listed, and leaves earlier ones alone', async () => {
    const orm = new CompiledOrm();
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    try {
      const program = orm.program(
        'full-disk',
        `import { connect } from './orm/index.js';
         const db = await connect('sqlite:' + process.argv[2] + '/app.db', { entities: [], dataDir: process.argv[2] });
         if (process.argv[3] === 'fill') {
           await db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
           for (let id = 0; id < 8; id++) await db.execute('INSERT INTO t VALUES (?, ?)', [id, 'x'.repeat(100_000)]);
         }
         const outcome = await db.backup().then(() => 'made', (error) => error.code);
         console.log(outcome, (await db.listBackups()).map(({ name }) => name).join());
         await db.close();`,
      );
      const first = await orm.run(program, dataDir, 'fill');
      expect(first).toMatch(/^made csv_\S+$/);
      const limited = `ulimit -f 600; exec "${process.execPath}" "${program}" "${dataDir}" more`;
      const { stdout } = await run('bash', ['-c', limited]);
      expect(stdout.trim()).toBe(`EFBIG ${first.split(' ')[1]}`);
    } finally {
      orm.remove();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
