import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';

/**
 * A condition found other rows in the second statement than in the first, as one can that asks for the time or for other
 * tables: what was done is undone.
 */
export class MovedCondition extends Error {
  override readonly name = 'MovedCondition';
}

/** Runs work of which the rows are found twice. @returns `undefined` where they were not the same, and nothing is done. */
export async function unlessMoved<T>(session: Session, work: (scope: Scope) => Promise<T>): Promise<T | undefined> {
  try {
    return await session.unit(work);
  } catch (error) {
    if (error instanceof MovedCondition) return undefined;
    throw error;
  }
}
