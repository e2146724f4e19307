import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../../base/clock.js';
import { randomToken } from '../../../base/ids.js';
import type { SessionHandle } from '../../../orm/index.js';
import { KernelAuthToken } from '../entities.js';

export type TokenPurpose = 'verify_email' | 'reset_password';

/** Whom a token was mailed to. */
export interface TokenHolder {
  userId: string;
  email: string;
}

/** Tokens that go out by mail, in `kernel_auth_tokens`: kept as hashes, one of a kind per user, and gone once used. */
export class TokenStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;

  constructor(on: { db?: SessionHandle; clock?: Clock } = {}) {
    this.#on = on.db ? { db: on.db } : {};
    this.#clock = on.clock ?? systemClock;
  }

  /** A new token; an earlier one of the same purpose no longer works. */
  async issue(purpose: TokenPurpose, { userId, email }: TokenHolder, lifetimeMs: number): Promise<string> {
    const token = randomToken();
    const expiresAt = new Date(this.#clock.now() + lifetimeMs);
    await this.revoke(purpose, userId);
    await KernelAuthToken.save({ userId, purpose, email, tokenHash: hashOf(token), expiresAt }, this.#on);
    return token;
  }

  /** Uses the token up; of many who try at once one gets its holder. Null when it is not good, or no longer. */
  async take(purpose: TokenPurpose, token: string): Promise<TokenHolder | null> {
    const row = await KernelAuthToken.findOne({ where: { tokenHash: hashOf(token), purpose }, ...this.#on });
    if (!row) return null;
    const isMine = await KernelAuthToken.delete(row.id, this.#on);
    return isMine && +row.expiresAt > this.#clock.now() ? { userId: row.userId, email: row.email } : null;
  }

  async revoke(purpose: TokenPurpose, userId: string): Promise<void> {
    await KernelAuthToken.deleteMany({ userId, purpose }, this.#on);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
