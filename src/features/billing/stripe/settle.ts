import { ConflictError, ConstraintError } from '../../../base/errors.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';

/** Writes what Stripe said; runs inside a transaction, and has no effect but on the database. */
export type Apply<T = unknown> = () => Promise<T>;

const TRIES = 8;

/**
 * Asks Stripe outside of any transaction, so that a slow answer holds no connection and no lock, and writes the answer in
 * one. Writes name the version that was read before Stripe was asked; where somebody else has written meanwhile, Stripe is
 * asked again: an answer never replaces a newer one.
 */
export async function settle<T>(
  ask: () => Promise<Apply<T>>,
  { db, before }: { db?: SessionHandle | undefined; before?: (() => Promise<unknown>) | undefined } = {},
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const apply = await ask();
    try {
      return await dbContext(
        async () => {
          await before?.();
          return apply();
        },
        db ? { db } : {},
      );
    } catch (error) {
      if (!isOvertaken(error) || tries === TRIES) throw error;
    }
  }
}

/** The row has changed since it was read, or was made meanwhile. */
function isOvertaken(error: unknown): boolean {
  return error instanceof ConflictError || (error instanceof ConstraintError && error.kind === 'unique');
}
