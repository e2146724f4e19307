import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/ports.js';
import { type ConnectOptions, connect, Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';

@Entity({ table: 'items' })
class Before extends Model {
  @Field({ type: 'string' }) name?: string;
}
@Entity({ table: 'items' })
class After extends Model {
  @Field({ type: 'string' }) name?: string;
  @Field({ type: 'integer', default: 1 }) amount!: number;
}

const directories: string[] = [];
let directory: string;
let audit: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'app-kernel-audit-'));
  directories.push(directory);
  audit = join(directory, 'data', 'migrations_audit');
});
afterAll(() => {
  for (const each of directories) rmSync(each, { recursive: true, force: true });
});

async function start(entity: EntityTarget, options: ConnectOptions = {}): Promise<void> {
  const file = `sqlite:///${join(directory, 'app.db')}`;
  const db = await connect(file, { entities: [entity], dataDir: join(directory, 'data'), ...options });
  await db.migrate();
  await db.close();
}

const scripts = (extension: string): string[] =>
  readdirSync(audit)
    .filter((name) => name.endsWith(extension))
    .sort();

it('leaves scripts for people to read', async () => {
  await start(Before);
  await start(After);
  expect(scripts('.sql')).toHaveLength(2);
  expect(scripts('.sql').every((name) => /^\d{8}_\d{6}_[0-9a-f]{8}\.sql$/.test(name))).toBe(true);
  const texts = scripts('.sql').map((name) => readFileSync(join(audit, name), 'utf8'));
  expect(texts.join('\n')).toMatch(/-- create table items\nCREATE TABLE "items"/);
  const [described] = scripts('.json').map((name) => JSON.parse(readFileSync(join(audit, name), 'utf8')) as object);
  expect(described).toMatchObject({ schema_hash: expect.any(String), operations: expect.any(Array) });
});

it('writes what a crash kept from being written at the next start, from the ledger', async () => {
  await start(Before);
  await start(After);
  const before = scripts('.sql').map((name) => [name, readFileSync(join(audit, name), 'utf8')]);
  rmSync(audit, { recursive: true });
  await start(After);
  expect(scripts('.sql').map((name) => [name, readFileSync(join(audit, name), 'utf8')])).toEqual(before);
  expect(scripts('.json')).toHaveLength(2);
});

it('does not keep a service from starting where they cannot be written', async () => {
  writeFileSync(join(directory, 'data'), 'no folder');
  const warnings: unknown[] = [];
  await start(Before, { logger: { ...silentLogger, warn: (_, message) => void warnings.push(message) } });
  expect(warnings).toContainEqual(expect.stringMatching(/scripts of migrations could not be written/));
});

it('asks the database one question when there is nothing to do', async () => {
  await start(Before);
  const db = await connect(`sqlite:///${join(directory, 'app.db')}`, {
    entities: [Before],
    dataDir: join(directory, 'data'),
  });
  const before = db.stats().statements;
  expect((await db.migrate()).changed).toBe(false);
  expect(db.stats().statements - before).toBe(1);
  await db.close();
});
