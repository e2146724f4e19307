import { KernelError } from '../../../base/errors.js';
import { BadRequestError } from '../../../http/errors.js';
import type { RateLimiter } from '../../../reliability/limits/rate-limiter.js';
import { actionMail, type Outbox } from '../../email/index.js';
import { checkPassword, type PasswordHasher } from '../passwords.js';
import type { Client, EmitAuthEvent, Sessions } from '../sessions.js';
import { type AuthUser, canonicalName, type UserStore } from '../user-store.js';
import type { TokenPurpose, TokenStore } from './token-store.js';

export interface RecoveryOptions {
  users: UserStore;
  sessions: Sessions;
  tokens: TokenStore;
  hasher: PasswordHasher;
  limiter: RateLimiter;
  /** Without it nothing can be mailed. */
  outbox: Pick<Outbox, 'post'> | undefined;
  /** Pages that take `?token=`; never made of a request's host. */
  urls: { verifyEmail: string | null; resetPassword: string | null };
  emit: EmitAuthEvent;
  /**
   * Runs when a reset gives an account to whoever reads its mail, and nobody had shown that before: until now the account
   * may have been a squatter's, so every other way in has to go.
   */
  onTakeover?(userId: string): Promise<void> | void;
}

const HOUR_MS = 3_600_000;
const LIFETIMES: Readonly<Record<TokenPurpose, number>> = { verify_email: 24 * HOUR_MS, reset_password: HOUR_MS };
/** Mails to one account: enough for who did not find the first, too few to annoy anybody with. */
const MAILS_PER_HOUR = 5;

/** What is proved by reading a mail: that an address is one's own, and who may set a new password. */
export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** False where no mail can be sent. */
  get canMail(): boolean {
    return this.#options.outbox !== undefined;
  }

  /** Mails the token that verifies the user's address, if it has one that is not verified. Does not wait for it. */
  sendVerification(userId: string): void {
    this.#outbox.post(async () => {
      const user = await this.#options.users.getById(userId);
      if (!user?.isActive || user.emailVerifiedAt) return null;
      const lines = ['Please confirm that this is your address.', 'If you did not register, ignore this mail.'];
      const url = this.#options.urls.verifyEmail;
      return this.#mail(user, 'verify_email', { subject: 'Confirm your e-mail address', lines, url, label: 'Confirm' });
    });
  }

  /** @throws BadRequestError for a token that is unknown, used, expired or for an address the user no longer has. */
  async verifyEmail(token: string, client: Client = {}): Promise<void> {
    const { tokens, users, emit } = this.#options;
    const holder = await tokens.take('verify_email', token);
    if (!holder || !(await users.markEmailVerified?.(holder.userId, holder.email))) throw badToken();
    emit({ type: 'email_verified', userId: holder.userId, ...client });
  }

  /** Mails a token to the account of that address, if there is one. Everything happens afterwards, so nothing shows. */
  forgotPassword(email: string, client: Client = {}): void {
    this.#outbox.post(async () => {
      const user = await this.#options.users.getByUsername(email);
      if (!user?.isActive || user.email === null || canonicalName(user.email) !== canonicalName(email)) return null;
      const lines = ['Somebody asked to set a new password for your account.', 'If it was not you, ignore this mail.'];
      const url = this.#options.urls.resetPassword;
      this.#options.emit({ type: 'password_reset_requested', userId: user.id, ...client });
      return this.#mail(user, 'reset_password', { subject: 'Set a new password', lines, url, label: 'Set a password' });
    });
  }

  /**
   * Sets a new password, ends every session, and notes the address as verified: its mail was read.
   * @throws BadRequestError for a token that is not good, ValidationError for a weak password.
   */
  async resetPassword(token: string, password: string, client: Client = {}): Promise<void> {
    const { users, tokens, sessions, hasher, emit, onTakeover } = this.#options;
    checkPassword(password);
    const passwordHash = await hasher.hash(password);
    const holder = await tokens.take('reset_password', token);
    const user = holder && (await users.getById(holder.userId));
    if (!user?.isActive || user.email === null || canonicalName(user.email) !== holder?.email) throw badToken();
    await sessions.endAll(user.id, 'password reset');
    if (!(await users.updatePassword(user.id, passwordHash))) {
      throw new KernelError('E_PASSWORD_UPDATE', 'Failed to update password');
    }
    if (!user.emailVerifiedAt) await onTakeover?.(user.id);
    await users.markEmailVerified?.(user.id, holder.email);
    await sessions.endAll(user.id, 'password reset');
    emit({ type: 'password_reset', userId: user.id, ...client });
  }

  async #mail(
    user: AuthUser,
    purpose: TokenPurpose,
    text: { subject: string; lines: readonly string[]; url: string | null; label: string },
  ) {
    const { limiter, tokens } = this.#options;
    if (user.email === null) return null;
    const bucket = `mail:${purpose}:${user.id}`;
    const { allowed } = await limiter.consume(bucket, MAILS_PER_HOUR, 3600, { whenUnavailable: 'count-locally' });
    if (!allowed) return null;
    const email = canonicalName(user.email);
    const token = await tokens.issue(purpose, { userId: user.id, email }, LIFETIMES[purpose]);
    return actionMail({ to: email, token, ...text });
  }

  get #outbox(): Pick<Outbox, 'post'> {
    const { outbox } = this.#options;
    if (outbox) return outbox;
    throw new KernelError('E_EMAIL_NOT_CONFIGURED', 'No mail can be sent; set smtpUrl and emailFrom');
  }
}

function badToken(): BadRequestError {
  return new BadRequestError('Invalid or expired token');
}
