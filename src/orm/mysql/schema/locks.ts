import { createHash } from 'node:crypto';
import { TimeoutError } from '../../../base/errors.js';
import type { LockedKeys } from '../../dialect/dialect.js';
import type { Connection } from '../../dialect/driver.js';
import { chunks, fewSizes } from '../../sql/write/chunks.js';

type Locker = Pick<Connection, 'all'>;

const TAKE_LOCK = 'SELECT GET_LOCK(';
export const RELEASE_LOCKS = 'DO RELEASE_ALL_LOCKS()';

/** The connection gives every lock back when its transaction ends; the server does when the connection dies. */
export function takesLock(sql: string): boolean {
  return sql.startsWith(TAKE_LOCK);
}

/** Waits are cut into slices, so that no limit on the run of a statement ends them. */
const SLICE_SECONDS = 10;
const KEY_WAIT_SECONDS = 10;
const MIGRATION_WAIT_SECONDS = 3600;
const KEY_HOLDER = 'another writer of the same key';

/** Names of one statement. */
const NAMES_AT_A_TIME = 256;

/** Holds off everyone else who asks for one of the keys of the same database, one after another. @throws TimeoutError */
export async function lockKeys(locker: Locker, database: string, { table, keys }: LockedKeys): Promise<void> {
  const names = keys.map((key) => lockName(database, `key ${table} ${key}`));
  for (const some of chunks(names, fewSizes(NAMES_AT_A_TIME))) await takeAll(locker, some);
}

async function takeAll(locker: Locker, names: readonly string[]): Promise<void> {
  const [only] = names;
  if (names.length === 1 && only) return take(locker, only, KEY_WAIT_SECONDS, KEY_HOLDER);
  const list = names.map((_, at) => (at === 0 ? 'SELECT ? AS name$' : 'SELECT ?')).join(' UNION ALL ');
  const taken = await locker.all(`${TAKE_LOCK}name$, ${KEY_WAIT_SECONDS}) FROM (${list}) names$`, names);
  if (taken.some(([got]) => Number(got) !== 1)) throw waitedFor(KEY_HOLDER, KEY_WAIT_SECONDS);
}

/** Holds off every other migrator, however long it takes. @throws TimeoutError after an hour. */
export function lockMigrations(locker: Locker, database: string): Promise<void> {
  return take(locker, lockName(database, 'migrations'), MIGRATION_WAIT_SECONDS, 'another migration');
}

/** Names are common to all databases of a server and at most 64 characters long. */
function lockName(database: string, key: string): string {
  return `app-kernel ${createHash('sha256')
    .update(JSON.stringify([database, key]))
    .digest('base64url')}`;
}

async function take(locker: Locker, name: string, waitSeconds: number, holder: string): Promise<void> {
  for (let waited = 0; waited < waitSeconds; waited += SLICE_SECONDS) {
    const [row] = await locker.all(`${TAKE_LOCK}?, ?)`, [name, Math.min(SLICE_SECONDS, waitSeconds - waited)]);
    if (Number(row?.[0]) === 1) return;
  }
  throw waitedFor(holder, waitSeconds);
}

function waitedFor(holder: string, seconds: number): TimeoutError {
  return new TimeoutError(`Waited ${seconds} s for ${holder} to end`);
}
