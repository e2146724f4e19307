import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { ConnectionError } from '../../../src/base/errors.js';
import { silentLogger } from '../../../src/base/ports.js';
import { connect, SchemaError } from '../../../src/orm/index.js';
import type { Lender } from '../../../src/orm/session/lender.js';
import { Replica } from '../../../src/orm/session/replicas/replica.js';

const folder = mkdtempSync(join(tmpdir(), 'app-kernel-replica-'));
const clock = new FakeClock();
const lines: unknown[] = [];
const logger = { ...silentLogger, warn: (fields: object | string) => void lines.push(fields) };
afterEach(() => void lines.splice(0));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lender = { stats: () => ({ size: 1, idle: 1, inUse: 0, waiting: 0 }), close: async () => {} } as Lender;

it('is tried again a while after it could not be reached, beside the work of its callers', async () => {
  let tries = 0;
  const open = async (): Promise<Lender> => {
    tries += 1;
    if (tries < 3) throw new ConnectionError('away');
    return lender;
  };
  const replica = new Replica({ open, clock, logger, position: 1 });
  await replica.open();
  expect([tries, replica.connections, replica.stats.resting]).toEqual([1, undefined, true]);
  clock.advance(4_999);
  expect([replica.connections, tries]).toEqual([undefined, 1]);
  clock.advance(1);
  expect(replica.connections).toBeUndefined();
  await replica.open();
  expect([tries, lines.length]).toEqual([2, 2]);
  clock.advance(5_000);
  await replica.open();
  expect(replica.connections).toBe(lender);
  replica.rest(new Error('away again'));
  expect(replica.connections).toBeUndefined();
  clock.advance(5_000);
  expect(replica.connections).toBe(lender);
});

it('is refused where it can never be one, and where its URL cannot be read', async () => {
  const at = `sqlite:${join(folder, 'a.db')}`;
  for (const url of ['redis://localhost', 'postgresql://me:hush-hush@localhost']) {
    const refused = connect(at, { entities: [], replicas: [url] });
    await expect(refused).rejects.toBeInstanceOf(SchemaError);
    await expect(refused).rejects.not.toThrow(/hush-hush/);
  }
});

it('does not keep a database from opening while it is away', async () => {
  const blocked = `sqlite:${join(folder, 'a.db', 'not-a-folder', 'b.db')}`;
  const db = await connect(`sqlite:${join(folder, 'a.db')}`, { entities: [], replicas: [blocked], logger });
  expect(db.stats().replicas).toEqual([{ resting: true, pool: undefined }]);
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await db.close();
});
