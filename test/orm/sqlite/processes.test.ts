import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CompiledOrm } from '../compiled-orm.js';

let orm: CompiledOrm;
let directory: string;
beforeAll(() => {
  orm = new CompiledOrm();
  directory = mkdtempSync(join(tmpdir(), 'app-kernel-processes-'));
});
afterAll(() => {
  orm.remove();
  rmSync(directory, { recursive: true, force: true });
});

const PROGRAM = `
  import { Entity, Field, Model, connect } from './orm/index.js';
  import { SqliteConnection } from './orm/sqlite/connection.js';
  const [, , file, task, dieAt] = process.argv;
  @Entity({ table: 'tallies' })
  class Tally extends Model {
    @Field({ type: 'integer', default: 0 }) value!: number;
  }
  const db = await connect('sqlite:' + file, { entities: [Tally], dataDir: file + '.data' });
  const migration = await db.migrate();
  if (task === 'migrate') console.log(migration.changed);
  if (task === 'count') {
    for (let i = 0; i < 50; i++) {
      await db.context(async () => {
        const row = (await Tally.get('one')) ?? (await Tally.save({ id: 'one' }));
        await Tally.update('one', { value: row.value + 1 });
      });
    }
  }
  if (task === 'die') {
    await Tally.save({ id: 'one', value: 1 });
    let statements = 0;
    for (const method of ['all', 'run']) {
      const original = SqliteConnection.prototype[method];
      SqliteConnection.prototype[method] = function (...args) {
        const died = original.apply(this, args);
        if (statements++ === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
        return died;
      };
    }
    await Tally.update('one', { value: 2 }, { comment: 'why' });
    process.kill(process.pid, 'SIGKILL');
  }
  if (task === 'show') {
    const row = await Tally.getOrThrow('one');
    const versions = await Tally.history('one');
    console.log(JSON.stringify({ value: row.value, version: row.version, versions: versions.map(({ version, value }) => [version, value]), comment: versions[0].historyComment }));
  }
  await db.close();`;

it('migrates once when four processes start at the same time', async () => {
  const program = orm.program('starting', PROGRAM);
  const file = join(directory, 'starting.db');
  const answers = await Promise.all([1, 2, 3, 4].map(() => orm.run(program, file, 'migrate')));
  expect(answers.sort()).toEqual(['false', 'false', 'false', 'true']);
}, 60_000);

it('loses no change and no version when processes write at the same time', async () => {
  const program = orm.program('counting', PROGRAM);
  const file = join(directory, 'counting.db');
  await Promise.all([1, 2, 3].map(() => orm.run(program, file, 'count')));
  const shown = JSON.parse(await orm.run(program, file, 'show')) as { value: number; versions: number[][] };
  expect(shown.value).toBe(150);
  expect(shown.versions.map(([version]) => version)).toEqual(Array.from({ length: 151 }, (_, index) => 151 - index));
}, 60_000);

it('row 13: keeps row, version and comment together when it is killed after any statement of a change', async () => {
  const program = orm.program('dying', PROGRAM);
  for (const dieAt of [0, 1, 99]) {
    const file = join(directory, `dying-${dieAt}.db`);
    expect(await orm.runUntilDeath(program, file, 'die', String(dieAt))).toBe('SIGKILL');
    const shown = JSON.parse(await orm.run(program, file, 'show')) as {
      value: number;
      version: number;
      versions: number[][];
      comment: string | null;
    };
    expect(shown.versions[0]).toEqual([shown.version, shown.value]);
    expect(shown.versions).toHaveLength(shown.version);
    expect([shown.version, shown.comment]).toEqual(dieAt === 99 ? [2, 'why'] : [1, null]);
  }
}, 60_000);
