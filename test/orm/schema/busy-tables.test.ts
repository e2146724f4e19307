import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/base/ports.js';
import type { Connection } from '../../../src/orm/dialect/driver.js';
import { type ConnectOptions, type Database, Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';
import { MysqlConnection } from '../../../src/orm/mysql/wire/connection.js';
import { PostgresConnection } from '../../../src/orm/postgres/wire/connection.js';
import { ownDatabase, serversOf } from '../servers/own-database.js';

@Entity({ table: 'readings' })
class Reading extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'string' }) code?: string | null;
}

@Entity({ table: 'readings' })
class Renamed extends Model {
  @Field({ type: 'string', nullable: false, renamedFrom: 'name', default: 'none' }) label!: string;
  @Field({ type: 'string' }) code?: string | null;
}

@Entity({ table: 'readings' })
class Unique extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'string', unique: true }) code?: string | null;
}

@Entity({ table: 'readings' })
class Wider extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'string' }) code?: string | null;
  @Field({ type: 'integer' }) more?: number | null;
}

type Act = () => Promise<void>;

/** Their `run` sends the statements of a migration. */
const CONNECTIONS = { postgres: PostgresConnection, mysql: MysqlConnection } as const;

for (const engine of ['postgres', 'mysql'] as const) {
  if (serversOf(engine).length === 0) continue;
  const connectionClass: { prototype: Pick<Connection, 'run'> } = CONNECTIONS[engine];
  describe(`large tables of ${engine}`, () => {
    const { open } = ownDatabase(engine);
    afterEach(() => vi.restoreAllMocks());

    /** The old shape with three rows. */
    const prepared = async (): Promise<Database> => {
      const db = await open({ entities: [Reading] });
      for (const table of ['readings', 'readings_history', '_schema_migrations'])
        await db.execute(`DROP TABLE IF EXISTS ${table}`);
      await db.migrate();
      await Reading.saveMany(
        ['a', 'b', 'c'].map((id) => ({ id, name: `name ${id}`, code: id })),
        { db },
      );
      return db;
    };
    const next = (entity: EntityTarget, options: ConnectOptions = {}): Promise<Database> =>
      open({ entities: [entity], largeTableRows: 0, ...options });
    /** Runs something right before or after each statement of a migration that matches. */
    const around = (pattern: RegExp, { before, after }: { before?: Act; after?: Act }): void => {
      const run = connectionClass.prototype.run;
      vi.spyOn(connectionClass.prototype, 'run').mockImplementation(async function (this: Connection, sql, params) {
        if (pattern.test(sql)) await before?.();
        const answer = await run.call(this, sql, params);
        if (pattern.test(sql)) await after?.();
        return answer;
      });
    };

    it('follow what old instances write to a renamed column while it is copied', async () => {
      const old = await prepared();
      const db = await next(Renamed);
      let batches = 0;
      const write = async (): Promise<void> => {
        if (batches++ > 0) return;
        await old.execute(`UPDATE readings SET name = 'later', _version = 2 WHERE id = 'a'`);
        await old.execute(
          `INSERT INTO readings (id, name, created_at, updated_at) SELECT 'd', 'new', created_at, updated_at FROM readings WHERE id = 'a'`,
        );
      };
      around(/^UPDATE .readings. SET/, { after: write });
      await db.migrate();
      expect(batches).toBeGreaterThan(1);
      expect((await Renamed.find({ db, orderBy: 'id' })).map(({ label }) => label)).toEqual([
        'later',
        'name b',
        'name c',
        'new',
      ]);
      expect((await db.plan()).steps).toEqual([]);
    });

    it('go on copying where a migrator failed, and count the copy as done only at its end', async () => {
      await prepared();
      const failing = await next(Renamed);
      around(/^UPDATE .readings_history. SET/, { after: () => Promise.reject(new Error('power cut')) });
      await expect(failing.migrate()).rejects.toThrow('power cut');
      vi.restoreAllMocks();
      await failing.execute(`UPDATE readings SET name = 'later' WHERE id = 'b'`);
      const db = await next(Renamed);
      expect((await db.plan()).steps.map(({ description }) => description).join()).toContain(
        'copy readings.name to label',
      );
      await db.migrate();
      expect((await Renamed.find({ db, orderBy: 'id' })).map(({ label }) => label)).toEqual([
        'name a',
        'later',
        'name c',
      ]);
      await db.execute(`UPDATE readings SET name = 'too late' WHERE id = 'b'`);
      await db.migrate({ verify: true });
      expect((await Renamed.getOrThrow('b', { db })).label).toBe('later');
    });

    it('keep a constraint waiting that the data breaks after it was counted', async () => {
      const old = await prepared();
      const db = await next(Unique);
      around(/UNIQUE (?:INDEX|KEY)/, {
        before: async () => {
          await old.execute(`UPDATE readings SET code = 'same'`);
        },
      });
      const { warnings } = await db.migrate();
      expect(warnings.map(({ message }) => message)).toEqual([
        expect.stringMatching(/1 row or group of rows against it/),
      ]);
      vi.restoreAllMocks();
      await Unique.save({ name: 'x', code: 'same' }, { db });
      await db.execute('UPDATE readings SET code = id');
      const mended = await next(Unique);
      expect((await mended.migrate()).warnings).toEqual([]);
      await expect(Unique.save({ name: 'x', code: 'a' }, { db: mended })).rejects.toMatchObject({ kind: 'unique' });
      expect(String(await mended.plan())).toBe('Nothing to do.');
    });

    it('are waited for while others have them locked, without anyone waiting behind the migration for long', async () => {
      const old = await prepared();
      let release: () => void = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const waits: string[] = [];
      const logger = {
        ...silentLogger,
        warn: (_: unknown, message?: string) => {
          if (/waits for tables in use/.test(message ?? '')) release();
          waits.push(message ?? '');
        },
      };
      const db = await next(Wider, { logger });
      const holding = old.context(async (inner) => {
        await inner.query('SELECT * FROM readings LIMIT 1');
        await released;
      });
      expect((await db.migrate()).changed).toBe(true);
      expect(waits.join()).toMatch(/waits for tables in use/);
      await holding;
    }, 60_000);
  });
}
