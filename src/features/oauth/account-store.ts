import { ConstraintError } from '../../base/errors.js';
import { dbContext, type SessionHandle } from '../../orm/index.js';
import { KernelOAuthAccount } from './entities.js';
import type { OAuthProfile } from './flow/providers.js';

export type UnlinkResult = 'unlinked' | 'not linked' | 'last way in';

/** Accounts at providers in `kernel_oauth_accounts` of `db`; without it, of the ambient or the newest open database. */
export class OAuthAccountStore {
  readonly #on: { db?: SessionHandle };

  constructor(on: { db?: SessionHandle } = {}) {
    this.#on = on;
  }

  /** Who somebody is here is told by the provider's own id of them alone. */
  async find(provider: string, providerUserId: string): Promise<KernelOAuthAccount | null> {
    return KernelOAuthAccount.findOne({ where: { provider, providerUserId }, ...this.#on });
  }

  async listForUser(userId: string): Promise<KernelOAuthAccount[]> {
    return KernelOAuthAccount.find({ where: { userId }, orderBy: { id: 'asc' }, ...this.#on });
  }

  /** False when the account is another user's, or the user has another one at that provider. */
  async link(userId: string, provider: string, { id, email, name, picture }: OAuthProfile): Promise<boolean> {
    try {
      await KernelOAuthAccount.save({ userId, provider, providerUserId: id, email, name, picture }, this.#on);
      return true;
    } catch (error) {
      if (!(error instanceof ConstraintError) || error.kind !== 'unique') throw error;
      return (await this.find(provider, id))?.userId === userId;
    }
  }

  /** Never takes the last way in, also when two are taken at once. */
  async unlink(userId: string, provider: string, hasPassword: boolean): Promise<UnlinkResult> {
    return dbContext(async () => {
      const accounts: KernelOAuthAccount[] = [];
      for (const { id } of await this.listForUser(userId)) {
        const account = await KernelOAuthAccount.get(id); // locks it
        if (account) accounts.push(account);
      }
      const account = accounts.find((candidate) => candidate.provider === provider);
      if (!account) return 'not linked';
      if (accounts.length === 1 && !hasPassword) return 'last way in';
      await KernelOAuthAccount.delete(account.id);
      return 'unlinked';
    }, this.#on);
  }

  /** Every account of a user. */
  async unlinkAll(userId: string): Promise<void> {
    await KernelOAuthAccount.deleteMany({ userId }, this.#on);
  }
}
