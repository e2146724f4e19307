import { ConflictError } from '../../../base/errors.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';

/** Writes what Stripe said; runs inside a transaction, and has no effect but on the database. */
export type Apply<T = unknown> = () => Promise<T>;

/** What was read before Stripe was asked is not what is there now: its answer may be older than what is stored. */
export class StaleAnswerError extends ConflictError {}

const TRIES = 8;

/**
 * Asks Stripe outside of any transaction, so that a slow answer holds no connection and no lock, and writes the answer in
 * one. Where somebody else has written meanwhile, Stripe is asked again: an answer never replaces a newer one.
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
      if (!(error instanceof StaleAnswerError) || tries === TRIES) throw error;
    }
  }
}
