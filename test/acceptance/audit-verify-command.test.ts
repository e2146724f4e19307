import { join } from 'node:path';
import { connect, type Database } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AuditLogger,
  AuditStore,
  KernelAuditLog,
  KernelAuditState,
  trimChain,
} from '../../src/features/audit/index.js';
import { type Ended, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices } from '../service/setup/fresh-service.js';
import { SQL_BACKENDS } from '../setup/servers.js';
import type { TestDatabase } from '../setup/sql-backends.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const SHARED = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

describe.each(SHARED)('app-kernel audit verify ($name)', { timeout: 60_000 }, (sql) => {
  let database: TestDatabase;
  let db: Database;

  beforeEach(async () => {
    database = await sql.create();
    db = await connect(database.url, { entities: [KernelAuditLog, KernelAuditState] });
    await db.migrate();
    await record('a', 'b', 'c', 'd', 'e');
  });
  afterEach(async () => {
    await db.close();
    await database.drop();
    await releaseServices();
  });

  async function record(...actions: string[]): Promise<void> {
    const events: Parameters<AuditStore['save']>[0][number][] = [];
    const audit = new AuditLogger({ push: (event) => events.push(event) > 0 });
    for (const action of actions) audit.log({ action, metadata: { note: 'ordinary' } });
    await new AuditStore({ database: db, telemetry: db }).save(events);
  }
  const verify = (...args: string[]): Promise<Ended> =>
    startNode(MAIN, ['audit', 'verify', ...args], { cwd: freshFolder(), env: { DATABASE_URL: database.url } }).ended();
  const end = async () => (await KernelAuditLog.find({ orderBy: { seq: 'desc' }, limit: 1, db }))[0];

  it('ends well over a chain that is whole, and prints its end, to be expected the next time', async () => {
    const first = await verify('--database-url', database.url);
    const printed = `5:${(await end())?.hash}`;
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`5 records are as they were written; the chain ends with ${printed}`);
    await record('f');
    expect(await verify('--expect', printed)).toMatchObject({ code: 0, stderr: '' });
  });

  it('finds a record that was edited and one that is missing, and fails', async () => {
    await db.execute('UPDATE [kernel_audit_logs] SET [metadata] = ? WHERE [seq] = 2', ['{"note":"forged"}']);
    await db.execute('DELETE FROM [kernel_audit_logs] WHERE [seq] = 4');
    const { code, stdout, stderr } = await verify();
    expect(code).toBe(1);
    expect(stdout).toBe('record 2: edited\nrecord 4: missing\n');
    expect(stderr).toMatch(/not as it was written/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('finds that the last record is missing', async () => {
    await db.execute('DELETE FROM [kernel_audit_logs] WHERE [seq] = 5');
    expect(await verify()).toMatchObject({ code: 1, stdout: 'record 5: missing\n' });
  });

  it('fails where the chain was written anew, by the end that was kept, and where that end is no end', async () => {
    const printed = `5:${(await end())?.hash}`;
    await db.execute('DELETE FROM [kernel_audit_logs]');
    await db.execute('DELETE FROM [kernel_audit_state]');
    await record('a', 'b', 'c', 'd', 'e');
    expect(await verify()).toMatchObject({ code: 0 });
    const expected = await verify('--expect', printed);
    expect(expected.code).toBe(1);
    expect(expected.stderr).toMatch(/was written anew/);
    await db.execute('DROP TABLE [kernel_audit_state]');
    const wrong = await verify('--expect', 'five');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/--expect five: write it as it was printed, seq:hash/);
    const other = await verify();
    expect([other.code, other.stdout]).toEqual([1, '']);
    expect(other.stderr).toMatch(/^This database has no audit log; name the one .*--database-url, or ADMIN_DB_URL\n$/);
  });

  it('compares an end that retention has removed with where the chain begins now, and calls no earlier one a fault', async () => {
    const early = `4:${(await KernelAuditLog.findOne({ where: { seq: 4 }, db }))?.hash}`;
    const hash = (await end())?.hash;
    expect(await trimChain(db, new Date(Date.now() + 1_000))).toBe(5);
    await record('f');
    expect(await verify('--expect', `5:${hash}`)).toMatchObject({ code: 0, stderr: '' });
    const forged = await verify('--expect', `5:${'0'.repeat(64)}`);
    expect([forged.code, forged.stderr]).toEqual([1, expect.stringMatching(/was written anew/)]);
    const removed = await verify('--expect', early);
    expect([removed.code, removed.stderr]).toEqual([1, expect.stringMatching(/Retention has removed .* up to 5/)]);
  });
});
