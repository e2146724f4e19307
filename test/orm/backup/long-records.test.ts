import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

const LIMIT = vi.hoisted(() => 1024 * 1024);
vi.mock('../../../src/orm/backup/csv/max-record.js', () => ({ MAX_RECORD: LIMIT }));

@Entity({ table: 'scrolls', history: false })
class Scroll extends Model {
  @Field({ type: 'text', nullable: false }) text!: string;
  @Field({ type: 'text' }) more?: string | null;
}

const SHORT = 'é'.repeat(200_000);

for (const backend of BACKENDS) {
  describe(`a record that is too long, on ${backend.name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    let db: Database;
    beforeAll(async () => {
      db = await backend.connect({ entities: [Scroll], dataDir, nativeBackup: false });
      await db.migrate();
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('is not backed up, and what is backed up can be restored', async () => {
      await Scroll.saveMany([
        { id: 'a', text: SHORT },
        { id: 'b', text: 'short' },
      ] as never);
      const { name } = await db.backup();
      await Scroll.save({ id: 'c', text: SHORT, more: 'é'.repeat(LIMIT / 2) } as never);
      await expect(db.backup()).rejects.toThrow(/^Row 3 of scrolls, .* is longer than the 1048576 bytes/);
      expect(readdirSync(join(dataDir, 'backups'))).toEqual([name]);
      await db.execute("DELETE FROM scrolls WHERE id = 'c'");
      await db.restoreFull(name, { confirm: true });
      expect(await Scroll.find({ orderBy: 'id' })).toMatchObject([{ text: SHORT }, { text: 'short' }]);
    });
  });
}
