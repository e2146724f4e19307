import type { Session } from '../../session/session.js';

/**
 * Runs work that is a single statement. Outside of a transaction it needs none; inside it gets a savepoint where its
 * fault would spoil what came before.
 */
export function atomically<T>(session: Session, work: (target: Session) => Promise<T>): Promise<T> {
  const { core } = session;
  return session === core || core.dialect.capabilities.undoesStatements ? work(session) : session.unit(work);
}
