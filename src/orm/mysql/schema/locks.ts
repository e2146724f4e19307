import { createHash } from 'node:crypto';
import { TimeoutError } from '../../../base/errors.js';
import type { Connection } from '../../dialect/driver.js';

type Locker = Pick<Connection, 'all'>;

/** The connection gives every lock back when its transaction ends; the server does when the connection dies. */
export const TAKE_LOCK = 'SELECT GET_LOCK(?, ?)';
export const RELEASE_LOCKS = 'DO RELEASE_ALL_LOCKS()';

/** Waits are cut into slices, so that no limit on the run of a statement ends them. */
const SLICE_SECONDS = 10;
const KEY_WAIT_SECONDS = 10;
const MIGRATION_WAIT_SECONDS = 3600;

/** Holds off everyone else who asks for the same key of the same database. @throws TimeoutError */
export function lockKey(locker: Locker, database: string, key: string): Promise<void> {
  return take(locker, lockName(database, `key ${key}`), KEY_WAIT_SECONDS, 'another writer of the same key');
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
    const [row] = await locker.all(TAKE_LOCK, [name, Math.min(SLICE_SECONDS, waitSeconds - waited)]);
    if (Number(row?.[0]) === 1) return;
  }
  throw new TimeoutError(`Waited ${waitSeconds} s for ${holder} to end`);
}
