import type { Session } from '../session/session.js';

/**
 * Runs work that is a single statement: outside of a transaction it needs none, inside it gets a savepoint, so that its
 * fault does not spoil what came before.
 */
export function atomically<T>(session: Session, work: (target: Session) => Promise<T>): Promise<T> {
  return session === session.core && session.core.dialect.capabilities.autocommit ? work(session) : session.unit(work);
}
