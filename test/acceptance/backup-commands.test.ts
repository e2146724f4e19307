import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type Ended, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices, sqliteUrl } from '../service/setup/fresh-service.js';
import { S3Server } from '../setup/s3-server.js';

const MAIN = join(ROOT, 'dist/cli/main.js');

afterEach(releaseServices);

/** A folder with a database of one entity, and what runs a command on it. */
function workplace() {
  const folder = freshFolder();
  const orm = pathToFileURL(join(ROOT, 'dist/orm/index.js')).href;
  const entities = join(folder, 'entities.js');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    entities,
    `import { Entity, Field, Model } from '${orm}';
     export class Item extends Model {}
     Field('string')(Item.prototype, 'name');
     Entity({ table: 'items' })(Item);`,
  );
  const program = join(folder, 'program.js');
  writeFileSync(
    program,
    `import { connect } from '${orm}';
     import { Item } from './entities.js';
     const db = await connect(process.argv[2], { entities: [Item], dataDir: process.argv[3] });
     await db.migrate();
     await eval('(async () => {' + process.argv[4] + '})()');
     console.log((await Item.find({ orderBy: 'name' })).map(({ name }) => name).join());
     await db.close();`,
  );
  const place = ['--database-url', sqliteUrl(folder), '--data-dir', folder];
  /** @param args what the command takes, and variables of the environment */
  const run = (...args: Array<string | Record<string, string>>): Promise<Ended> => {
    const words = args.filter((arg) => typeof arg === 'string');
    const env = Object.assign({}, ...args.filter((arg) => typeof arg !== 'string'));
    return startNode(MAIN, [...words, ...place], { cwd: folder, env }).ended();
  };
  const items = async (code = ''): Promise<string> => {
    const { stdout, stderr } = await startNode(program, [sqliteUrl(folder), folder, code], { cwd: folder }).ended();
    expect(stderr).toBe('');
    return stdout.trim();
  };
  return { entities, run, items };
}

it('backs up, lists, verifies, restores and reverts', { timeout: 60_000 }, async () => {
  const { entities, run, items } = workplace();
  const withEntities = ['--entities', entities];
  expect(await items("await Item.save({ name: 'old' })")).toBe('old');
  const then = new Date().toISOString();

  const backedUp = await run('backup');
  expect(backedUp).toMatchObject({ code: 0, stderr: '' });
  const name = /^(csv_\S+): 3 tables, 3 rows, and a native one/.exec(backedUp.stdout)?.[1] ?? '';
  expect(name, backedUp.stdout).not.toBe('');
  expect((await run('backups')).stdout).toContain('not verified');
  expect((await run('verify', name)).stdout).toBe(`${name} is verified\n`);
  expect((await run('backups')).stdout).toMatch(new RegExp(`^${name} .* verified  here\n$`));

  expect(await items("await Item.save({ name: 'young' })")).toBe('old,young');
  expect((await run('restore', name)).stdout).toContain('"dryRun": true');
  expect(await items()).toBe('old,young');
  expect((await run('restore', name, '--tables', 'items', '--confirm', ...withEntities)).stdout).toContain(
    '"ok": true',
  );
  expect(await items()).toBe('old,young');
  const revert = ['revert', 'items', '--to', then, ...withEntities];
  expect((await run(...revert)).stdout).toContain('"rowsCreatedAfter": 1');
  expect((await run(...revert, '--confirm')).stdout).toContain('"softDeleted": 1');
  expect(await items()).toBe('old');

  expect(await items("await Item.save({ name: 'younger' })")).toBe('old,younger');
  const restored = await run('restore', name, '--confirm');
  expect(restored, restored.stderr).toMatchObject({ code: 0 });
  expect(restored.stdout).toContain(`"restoredFrom": "${name}"`);
  expect(await items("await Item.update((await Item.find())[0].id, { name: 'recorded' })")).toBe('recorded');
  expect(await items('console.log((await Item.history((await Item.find())[0].id)).length)')).toMatch(/^2\n/);
});

it('sends backups to a bucket, and restores from there on another machine', { timeout: 60_000 }, async () => {
  const server = await S3Server.start();
  const key = { BACKUP_KEY: 'e'.repeat(64) };
  const [here, elsewhere] = [workplace(), workplace()];
  expect(await here.items("await Item.save({ name: 'kept' })")).toBe('kept');
  const backedUp = await here.run('backup', '--store', server.url('cli'), key);
  expect(backedUp.stdout).toMatch(/, here and in the store\n$/);
  const name = backedUp.stdout.split(':')[0] as string;
  expect((await server.keys('cli')).every((file) => file.endsWith('.sealed'))).toBe(true);

  expect((await elsewhere.run('backups', { BACKUP_STORE: server.url('cli'), ...key })).stdout).toMatch(
    new RegExp(`^${name} .*  in the store\n$`),
  );
  const store = ['--store', server.url('cli')];
  const wrong = await elsewhere.run('restore', name, ...store, { BACKUP_KEY: 'f'.repeat(64) });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('sealed with another key') });
  expect((await elsewhere.run('restore', name, '--confirm', ...store, key)).code).toBe(0);
  expect(await elsewhere.items()).toBe('kept');
  await server.close();
  const unstored = await here.run('backup', '--store', server.url('cli'), key);
  expect(unstored).toMatchObject({ code: 1, stderr: expect.stringContaining('it could not be stored') });
});

it('shows a plan, and does it', { timeout: 60_000 }, async () => {
  const { entities, run } = workplace();
  expect((await run('migrate', '--plan', '--entities', entities)).stdout).toMatch(
    /^1\. create table _schema_migrations\n2\./,
  );
  expect((await run('migrate', '--entities', entities)).stdout).toMatch(/^\d+ steps were done\n$/);
  expect((await run('migrate', '--plan', '--entities', entities)).stdout).toBe('Nothing to do.\n');
});

it('names what is wrong, without a stack', { timeout: 60_000 }, async () => {
  const { run, entities } = workplace();
  const throwing = join(freshFolder(), 'throwing.mjs');
  writeFileSync(throwing, 'throw new Error("on purpose");');
  const faults: Array<[string[], RegExp]> = [
    [['verify', '../etc'], /Invalid backup name/],
    [['restore', 'csv_20260101_000000_abcdef01'], /Backup not found/],
    [['migrate'], /--entities/],
    [['migrate', '--entities', 'missing.js'], /missing\.js does not exist/],
    [['migrate', '--entities', throwing], /throwing\.mjs cannot be loaded \(on purpose\)/],
    [
      ['revert', 'items', '--to', 'yesterday', '--entities', entities],
      /--to yesterday is no moment of the past: write it as/,
    ],
    [
      ['revert', 'items', '--to', '2999-01-01T00:00:00Z', '--entities', entities],
      /--to 2999.* is no moment of the past/,
    ],
    [
      ['revert', 'nothing', '--to', '2026-01-01T00:00:00Z', '--entities', entities],
      /No entity has the table "nothing"/,
    ],
    [['backup', '--store', 'nowhere'], /backupStore: must be the URL of an S3-compatible bucket/],
  ];
  for (const [args, fault] of faults) {
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(fault);
    expect(stderr).not.toMatch(/\n\s+at /);
  }
  const folder = freshFolder();
  const place = ['--database-url', sqliteUrl(folder), '--data-dir', throwing];
  for (const command of [['backup'], ['backups'], ['verify', 'csv_20260101_000000_abcdef01']]) {
    const { code, stderr } = await startNode(MAIN, [...command, ...place], { cwd: folder }).ended();
    expect([code, stderr]).toEqual([
      1,
      `--data-dir ${throwing} is no folder: name the one where backups are, such as .data\n`,
    ]);
  }
  expect((await run('backups')).stderr).toBe('There is no backup yet\n');
});
