import { ValidationError } from '../base/errors.js';
import { DatabaseHandle } from './database-handle.js';
import type { Isolation } from './dialect/driver.js';
import { currentSession, runInScope } from './session/ambient.js';
import { newestDatabase } from './session/open-databases.js';
import type { UnitOptions } from './session/session.js';
import type { SessionHandle } from './verbs/options.js';

export interface DbContextOptions extends Omit<UnitOptions, 'schemaChange' | 'patient' | 'autocommit'> {
  /** Default the ambient database, else the newest open one. */
  db?: SessionHandle;
}

/**
 * Runs `fn` in one transaction on one connection; calls inside join it by themselves. Everything is committed when `fn`
 * resolves and rolled back when it throws. Nested, it is a savepoint. A transient fault (a deadlock, a busy file) runs
 * `fn` again from its start, so effects outside of the database belong into `db.afterCommit`.
 */
export async function dbContext<T>(
  fn: (db: DatabaseHandle) => T | Promise<T>,
  options: DbContextOptions = {},
): Promise<T> {
  const { db, ...unit } = options;
  assertIsolation(unit.isolation);
  const session = currentSession(db?.session ?? newestDatabase());
  return session.unit((scope) => runInScope(scope, async () => fn(new DatabaseHandle(scope))), unit);
}

const LEVELS: readonly (Isolation | undefined)[] = [undefined, 'read committed', 'repeatable read', 'serializable'];

/** It becomes a part of a statement. */
function assertIsolation(isolation: Isolation | undefined): void {
  if (LEVELS.includes(isolation)) return;
  const known = LEVELS.filter(Boolean).map((level) => `'${level}'`);
  throw new ValidationError([], `There is no isolation level "${isolation}"; use one of ${known.join(', ')}`);
}
