import { AsyncLocalStorage } from 'node:async_hooks';
import type { DatabaseCore } from './database-core.js';
import type { Scope } from './scope.js';
import type { Session } from './session.js';

const storage = new AsyncLocalStorage<Scope>();

/** Runs `fn` with `scope` as what free calls inside join. */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  return storage.run(scope, fn);
}

export function ambientScope(): Scope | undefined {
  return storage.getStore();
}

/** The innermost ambient scope of that database. */
export function ambientScopeOf(core: DatabaseCore): Scope | undefined {
  for (let scope = storage.getStore(); scope; scope = scope.enclosing) if (scope.core === core) return scope;
  return undefined;
}

/**
 * Where a call on `session` really runs. A database joins its own ambient transaction, and an outer transaction joins
 * the one nested in it: both would otherwise wait for something that waits for them.
 */
export function currentSession(session: Session): Session {
  const ambient = ambientScopeOf(session.core);
  if (!ambient || session === session.core) return ambient ?? session;
  for (let scope: Scope | undefined = ambient; scope; scope = scope.parent) if (scope === session) return ambient;
  return session;
}
