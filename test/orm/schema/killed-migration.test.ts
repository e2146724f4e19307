import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CompiledOrm } from '../compiled-orm.js';

let orm: CompiledOrm;
let directory: string;
beforeAll(() => {
  orm = new CompiledOrm();
  directory = mkdtempSync(join(tmpdir(), 'app-kernel-killed-'));
});
afterAll(() => {
  orm.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** Makes old.db, then migrates to the new shape; dies before the n-th statement that the migration runs. */
const PROGRAM = `
  import { Entity, Field, Model, connect } from './orm/index.js';
  import { SqliteConnection } from './orm/sqlite/connection.js';
  const [, , file, stage, dieAt] = process.argv;

  @Entity({ table: 'items' })
  class Before extends Model {
    @Field({ type: 'string', nullable: false }) name!: string;
  }
  @Entity({ table: 'items' })
  class After extends Model {
    @Field({ type: 'string', nullable: false, renamedFrom: 'name', unique: true }) label!: string;
    @Field({ type: 'integer', nullable: false, default: 1, check: '[amount] > 0' }) amount!: number;
  }
  const entity = stage === 'before' ? Before : After;
  const db = await connect('sqlite:' + file, { entities: [entity], dataDir: file + '.data' });
  if (dieAt !== undefined) {
    const run = SqliteConnection.prototype.run;
    let statements = 0;
    SqliteConnection.prototype.run = function (sql, params) {
      if (statements++ === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
      return run.call(this, sql, params);
    };
  }
  await db.migrate();
  if (stage === 'before') await Before.saveMany([{ name: 'a' }, { name: 'b' }]);
  const rows = stage === 'before' ? [] : await After.find({ orderBy: 'label' });
  const plan = String(await db.plan());
  console.log(JSON.stringify({ rows: rows.map((row) => [row.label, row.amount, row.version]), plan }));
  await db.close();`;

it('converges on the next start, whatever statement it died at', async () => {
  const program = orm.program('killed', PROGRAM);
  const old = join(directory, 'old.db');
  await orm.run(program, old, 'before');
  let kills = 0;
  for (let dieAt = 0; ; dieAt++) {
    const file = join(directory, `${dieAt}.db`);
    copyFileSync(old, file);
    if ((await orm.runUntilDeath(program, file, 'after', String(dieAt))) !== 'SIGKILL') break;
    kills += 1;
    expect(JSON.parse(await orm.run(program, file, 'after'))).toEqual({
      rows: [
        ['a', 1, 1],
        ['b', 1, 1],
      ],
      plan: expect.not.stringMatching(/^\d+\./m),
    });
  }
  expect(kills).toBeGreaterThan(5);
}, 120_000);

it('leaves scripts for people to read', async () => {
  const program = orm.program('audit', PROGRAM);
  const file = join(directory, 'audit.db');
  await orm.run(program, file, 'before');
  await orm.run(program, file, 'after');
  const audit = join(`${file}.data`, 'migrations_audit');
  const scripts = readdirSync(audit).filter((name) => /^\d{8}_\d{6}_[0-9a-f]{8}\.sql$/.test(name));
  expect(scripts).toHaveLength(2);
  const text = scripts.map((name) => readFileSync(join(audit, name), 'utf8')).join('\n');
  expect(text).toMatch(/-- create table items\nCREATE TABLE "items"/);
  expect(readdirSync(audit).filter((name) => name.endsWith('.json'))).toHaveLength(2);
});
