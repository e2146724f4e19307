import { expect } from 'vitest';
import { connect, type Database } from '../../../src/orm/index.js';
import type { TestDatabase } from '../../setup/sql-backends.js';
import { HOSTILE_ENTITIES, saveHostileRows, Treasure, Vault } from './hostile.js';
import { sums } from './sums.js';

/** A database with a backup of what it held before, for processes that are killed while they restore it. */
export class Ordeal {
  readonly database: TestDatabase;
  /** The backup of the old state. */
  backup = '';
  readonly #states: string[] = [];

  constructor(database: TestDatabase) {
    this.database = database;
  }

  async prepare(): Promise<this> {
    await this.open(async (db) => {
      await db.migrate();
      const vault = await Vault.save({ label: 'old' }, { db });
      await db.context(() => saveHostileRows(vault.id));
      const old = await db.backup();
      await Vault.update(vault.id, { label: 'new' }, { db });
      await Treasure.delete((await Treasure.find({ db }))[0]?.id as string, { db });
      const young = await db.backup();
      this.backup = old.name;
      for (const { path } of [old, young]) this.#states.push(JSON.stringify(await sums(path)));
    });
    return this;
  }

  async open(work: (db: Database) => Promise<void>): Promise<void> {
    const { url, dataDir } = this.database;
    const db = await connect(url, { entities: HOSTILE_ENTITIES, dataDir, nativeBackup: false });
    try {
      await work(db);
    } finally {
      await db.close();
    }
  }

  /** Starts once more: the database is the old one or the new one, and records versions as ever. */
  async expectOldOrNew(where: string): Promise<void> {
    await this.open(async (db) => {
      await db.migrate();
      expect((await db.plan()).steps, where).toEqual([]);
      const found = JSON.stringify(await sums((await db.backup()).path));
      expect(this.#states.includes(found), where).toBe(true);
      await expectRecording(db);
    });
  }
}

/** Leaves the database as it was. */
async function expectRecording(db: Database): Promise<void> {
  const undo = new Error('undo');
  const change = db.context(async () => {
    const [{ id, version } = { id: '', version: 0 }] = await Vault.find();
    await Vault.update(id, { label: 'recorded' });
    expect((await Vault.history(id))[0]?.version).toBe(version + 1);
    throw undo;
  });
  await expect(change).rejects.toBe(undo);
}
