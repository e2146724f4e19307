import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../../base/clock.js';
import { randomToken } from '../../../base/ids.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';
import { canonicalName } from '../../auth/index.js';
import { type InviteStatus, KernelWorkspace, KernelWorkspaceInvite, type WorkspaceRole } from '../entities.js';
import { MemberStore } from './member-store.js';

const LIFETIME_MS = 7 * 86_400_000;

/** An invite; `token` is known only to who makes or renews it. */
export interface IssuedInvite {
  invite: KernelWorkspaceInvite;
  /** Null when an invite of that address was pending already: its token was given out before. */
  token: string | null;
}

/** Invites in `kernel_workspace_invites`. They live seven days and work once. */
export class InviteStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;
  readonly #members: MemberStore;

  constructor(on: { db?: SessionHandle; clock?: Clock } = {}) {
    this.#on = on.db ? { db: on.db } : {};
    this.#clock = on.clock ?? systemClock;
    this.#members = new MemberStore(this.#on);
  }

  /** Of many invites of one address at once, one is made and the others find it. */
  async create(workspaceId: string, email: string, role: WorkspaceRole, invitedBy: string): Promise<IssuedInvite> {
    const token = randomToken();
    const address = canonicalName(email);
    return dbContext(async () => {
      await KernelWorkspace.getOrThrow(workspaceId); // locks it
      const pending = await this.getPendingForEmail(workspaceId, address);
      if (pending) return { invite: pending, token: null };
      const row = { workspaceId, email: address, role, invitedBy, ...this.#issue(token) };
      return { invite: await KernelWorkspaceInvite.save(row), token };
    }, this.#on);
  }

  async get(inviteId: string): Promise<KernelWorkspaceInvite | null> {
    return KernelWorkspaceInvite.get(inviteId, this.#on);
  }

  async getByToken(token: string): Promise<KernelWorkspaceInvite | null> {
    return KernelWorkspaceInvite.findOne({ where: { tokenHash: hashOf(token) }, ...this.#on });
  }

  /** One that can still be accepted. */
  async getPendingForEmail(workspaceId: string, email: string): Promise<KernelWorkspaceInvite | null> {
    const where = {
      workspaceId,
      email: canonicalName(email),
      status: 'pending',
      expiresAt: { gt: this.#now() },
    } as const;
    return KernelWorkspaceInvite.findOne({ where, ...this.#on });
  }

  /** Newest first. Default those that are pending; `null` for all. */
  async listForWorkspace(
    workspaceId: string,
    status: InviteStatus | null = 'pending',
  ): Promise<KernelWorkspaceInvite[]> {
    const where = { workspaceId, ...(status && { status }) };
    return KernelWorkspaceInvite.find({ where, orderBy: { id: 'desc' }, ...this.#on });
  }

  /** Those that can still be accepted, newest first. */
  async listForEmail(email: string): Promise<KernelWorkspaceInvite[]> {
    const where = { email: canonicalName(email), status: 'pending', expiresAt: { gt: this.#now() } } as const;
    return KernelWorkspaceInvite.find({ where, orderBy: { id: 'desc' }, ...this.#on });
  }

  /**
   * Makes the user a member. Whose invite it is, is for the caller to see to.
   * @returns the accepted invite; null for an unknown, used, cancelled or expired one.
   */
  async accept(token: string, userId: string): Promise<KernelWorkspaceInvite | null> {
    const found = await this.getByToken(token);
    if (!found) return null;
    return dbContext(async () => {
      const invite = await KernelWorkspaceInvite.get(found.id); // locks it: of two who accept at once one finds it used
      if (invite?.status !== 'pending') return null;
      if (this.isExpired(invite)) {
        await KernelWorkspaceInvite.update(invite.id, { status: 'expired' });
        return null;
      }
      await this.#members.add(invite.workspaceId, userId, invite.role, invite.invitedBy);
      return KernelWorkspaceInvite.update(invite.id, { status: 'accepted', acceptedAt: this.#now() });
    }, this.#on);
  }

  /** A new token and another seven days for an invite that was not accepted; the old token is dead. Null for others. */
  async renew(inviteId: string): Promise<IssuedInvite | null> {
    const token = randomToken();
    return dbContext(async () => {
      const invite = await KernelWorkspaceInvite.get(inviteId);
      if (!invite || invite.status === 'accepted' || invite.status === 'cancelled') return null;
      const renewed = await KernelWorkspaceInvite.update(inviteId, this.#issue(token));
      return renewed && { invite: renewed, token };
    }, this.#on);
  }

  /** False when there is none that is pending. */
  async cancel(inviteId: string): Promise<boolean> {
    return dbContext(async () => {
      const invite = await KernelWorkspaceInvite.get(inviteId);
      if (invite?.status !== 'pending') return false;
      return (await KernelWorkspaceInvite.update(inviteId, { status: 'cancelled' })) !== null;
    }, this.#on);
  }

  async delete(inviteId: string): Promise<boolean> {
    return KernelWorkspaceInvite.delete(inviteId, this.#on);
  }

  isExpired({ expiresAt }: KernelWorkspaceInvite): boolean {
    return +expiresAt <= this.#clock.now();
  }

  #issue(token: string) {
    const expiresAt = new Date(this.#clock.now() + LIFETIME_MS);
    return { tokenHash: hashOf(token), status: 'pending', expiresAt } as const;
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
