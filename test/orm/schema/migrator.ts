import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../../src/orm/index.js';
import type { TestDatabase } from '../../setup/sql-backends.js';
import type { CompiledOrm } from '../compiled-orm.js';
import { Item, NEW_SHAPE, OLD_SHAPE, OldItem, OldPerson, Owner } from './shapes.js';

/** How a migrator dies: before a statement is sent, or while the server is at it. */
export type Death = { readonly statement: number; readonly when: 'before' | 'during' };

/** Migrates to the new shape; dies at the n-th statement that the migration runs, counted from 0. */
const PROGRAM = `
  import { connect } from './orm/index.js';
  import { NEW_SHAPE } from './shapes.js';
  const [, , url, dataDir, largeTableRows, statement, when] = process.argv;
  const db = await connect(url, { entities: NEW_SHAPE, dataDir, largeTableRows: Number(largeTableRows) });
  if (statement !== undefined) {
    const engine = { sqlite: 'sqlite', postgresql: 'postgres' }[db.engine] ?? 'mysql';
    const { [engine[0].toUpperCase() + engine.slice(1) + 'Connection']: Connection } = await import(engine === 'sqlite' ? './orm/sqlite/connection.js' : './orm/' + engine + '/wire/connection.js');
    const run = Connection.prototype.run;
    let statements = 0;
    Connection.prototype.run = function (sql, params) {
      if (statements++ !== Number(statement)) return run.call(this, sql, params);
      if (when === 'before') process.kill(process.pid, 'SIGKILL');
      const answer = run.call(this, sql, params);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2);
      return answer;
    };
  }
  console.log((await db.migrate()).changed);
  await db.close();`;

/** Processes that migrate one database, and what must be true of it afterwards. */
export class Migrator {
  readonly #orm: CompiledOrm;
  readonly #program: string;
  readonly #largeTableRows: number;

  constructor(orm: CompiledOrm, largeTableRows: number) {
    this.#orm = orm;
    this.#largeTableRows = largeTableRows;
    const shapes = readFileSync(fileURLToPath(new URL('shapes.ts', import.meta.url)), 'utf8');
    orm.program('shapes', shapes.replace('../../../src/orm/index.js', './orm/index.js'));
    this.#program = orm.program('migrator', PROGRAM);
  }

  /** The old shape with rows of every kind. */
  async prepare(database: TestDatabase): Promise<void> {
    await this.#with(database, { entities: OLD_SHAPE }, async (db) => {
      await db.migrate();
      await OldPerson.save({ id: 'o', name: 'owner' }, { db });
      for (const id of ['a', 'b', 'c'])
        await OldItem.save({ id, name: `name ${id}`, ownerId: 'o', price: 3, note: 'short' }, { db });
      await OldItem.update('b', { price: 4 }, { db });
    });
  }

  /** @returns whether it died. */
  async die(database: TestDatabase, { statement, when }: Death): Promise<boolean> {
    const args = [...this.#arguments(database), String(statement), when];
    return (await this.#orm.runUntilDeath(this.#program, ...args)) === 'SIGKILL';
  }

  /** @returns for each of so many processes that start at the same time, whether it changed the database. */
  async runTogether(database: TestDatabase, processes: number): Promise<string[]> {
    const args = this.#arguments(database);
    return Promise.all(Array.from({ length: processes }, () => this.#orm.run(this.#program, ...args)));
  }

  /** Starts once more, then looks at every row, every version and every constraint. */
  async expectConverged(database: TestDatabase): Promise<void> {
    const options = { entities: NEW_SHAPE, largeTableRows: this.#largeTableRows };
    await this.#with(database, options, async (db) => {
      expect(
        (await db.migrate()).warnings.filter(({ name }) => !/^(people|items)(_history)?(\.name)?$/.test(name)),
      ).toEqual([]);
      expect((await db.plan()).steps).toEqual([]);
      expect((await db.migrate({ verify: true })).changed).toBe(false);
      const rows = await Item.find({ db, orderBy: 'id' });
      expect(
        rows.map(({ id, label, amount, ownerId, price, note, version }) => [
          id,
          label,
          amount,
          ownerId,
          price,
          note,
          version,
        ]),
      ).toEqual([
        ['a', 'name a', 1, 'o', 3, 'short', 1],
        ['b', 'name b', 1, 'o', 4, 'short', 2],
        ['c', 'name c', 1, 'o', 3, 'short', 1],
      ]);
      expect((await Item.history('b', { db })).map(({ label, version, price }) => [label, version, price])).toEqual([
        ['name b', 2, 4],
        ['name b', 1, 3],
      ]);
      expect((await Owner.history('o', { db })).map(({ name, version }) => [name, version])).toEqual([['owner', 1]]);
      expect(await Owner.count({ db })).toBe(1);
      await expect(Item.save({ label: 'name a' }, { db })).rejects.toMatchObject({ kind: 'unique' });
      await expect(Item.save({ label: 'x', price: -1 }, { db })).rejects.toMatchObject({ kind: 'check' });
      await expect(Item.save({ label: 'x', ownerId: 'nobody' }, { db })).rejects.toMatchObject({ kind: 'foreign_key' });
      await expect(Item.save({ label: 'x', price: null as never }, { db })).rejects.toThrow(/price/);
      const scripts = readdirSync(join(database.dataDir, 'migrations_audit')).filter((name) => name.endsWith('.sql'));
      expect(scripts).toHaveLength((await db.migrations()).length);
    });
  }

  #arguments(database: TestDatabase): string[] {
    return [database.url, database.dataDir, String(this.#largeTableRows)];
  }

  async #with(database: TestDatabase, options: ConnectOptions, work: (db: Database) => Promise<void>): Promise<void> {
    const db = await connect(database.url, { dataDir: database.dataDir, ...options });
    try {
      await work(db);
    } finally {
      await db.close();
    }
  }
}
