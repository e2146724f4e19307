import { KernelError } from '../../base/errors.js';
import type { Logger } from '../../base/ports.js';
import { AuthError, BadRequestError, ForbiddenError, RateLimitedError } from '../../http/errors.js';
import type { LoginThrottle } from './login-throttle.js';
import { checkPassword, type PasswordHasher } from './passwords.js';
import { type SecondFactor, secondFactorError } from './second-factor/second-factor.js';
import type { Client, EmitAuthEvent, Sessions } from './sessions.js';
import type { IssuedTokens } from './tokens.js';
import { type AuthUser, canonicalName, type UserStore } from './user-store.js';

export interface AccountsOptions {
  users: UserStore;
  sessions: Sessions;
  hasher: PasswordHasher;
  throttle: LoginThrottle;
  /** Absent where there is no database to keep it. */
  secondFactor?: SecondFactor | undefined;
  /** Ends the mailed tokens that could still set a password. */
  forgetResets?: ((userId: string) => Promise<void>) | undefined;
  allowSelfSignup: boolean;
  emit: EmitAuthEvent;
  logger: Logger;
  /** Runs after a registration (a personal workspace, a welcome mail); its fault is logged and does not undo it. */
  onSignup?(user: AuthUser): Promise<void> | void;
}

/** Registration, sign-in and password change. */
export class Accounts {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /** @throws ForbiddenError, ValidationError, ConflictError */
  async register(
    { username, email, password }: { username: string; email?: string | null; password: string },
    client: Client = {},
  ): Promise<AuthUser> {
    const { users, hasher, emit, allowSelfSignup } = this.#options;
    if (!allowSelfSignup) throw new ForbiddenError('Registration is disabled');
    checkPassword(password);
    const user = await users.create({ username, email, passwordHash: await hasher.hash(password) });
    emit({ type: 'register', userId: user.id, ...client });
    await this.#welcome(user);
    return user;
  }

  /**
   * Tokens for the right password. An unknown name, a wrong password and a disabled account cost the same work and get
   * the same answer.
   * @throws AuthError, RateLimitedError; KernelError `E_SECOND_FACTOR` when the password was right, but the code is missing or wrong.
   */
  async login(
    { username, password, totpCode }: { username: string; password: string; totpCode?: string | undefined },
    client: Client = {},
  ): Promise<IssuedTokens> {
    const { users, sessions, hasher, emit } = this.#options;
    const found = await users.getByUsername(username);
    const user = await this.#throttled(found?.id, username, client, async () => {
      const matches = await hasher.verify(password, found?.passwordHash);
      return matches && found?.isActive ? found : null;
    });
    if (!user) {
      emit({ type: 'login_failed', username, ...(found && { userId: found.id }), ...client });
      throw new AuthError('Invalid credentials');
    }
    await this.assertSecondFactor(user.id, totpCode, client);
    const hash = await this.#renewHash(user, password);
    const tokens = await sessions.start(user, client);
    await this.#endIfOutdated(user.id, password, hash, tokens.sessionId);
    emit({ type: 'login', userId: user.id, sessionId: tokens.sessionId, ...client });
    return tokens;
  }

  /**
   * Sets a new password and ends every other session: once before the password is stored, so that a failure in between
   * never leaves a new password beside the sessions of whoever knew the old one, and again for what began meanwhile.
   * @throws BadRequestError when the old password is wrong, ValidationError when the new one is weak.
   */
  async changePassword(
    caller: { userId: string; sessionId?: string },
    { oldPassword, newPassword }: { oldPassword: string; newPassword: string },
    client: Client = {},
  ): Promise<void> {
    const { users, sessions, hasher, emit } = this.#options;
    const found = await users.getById(caller.userId);
    const user = await this.#throttled(caller.userId, '', client, async () =>
      (await hasher.verify(oldPassword, found?.passwordHash)) ? found : null,
    );
    if (!user) throw new BadRequestError('Invalid current password');
    checkPassword(newPassword, 'new_password');
    const passwordHash = await hasher.hash(newPassword);
    const endOthers = (): Promise<void> => sessions.endAll(user.id, 'password changed', caller.sessionId);
    await endOthers();
    const isStored = await users.updatePassword(user.id, passwordHash);
    if (!isStored) throw new KernelError('E_PASSWORD_UPDATE', 'Failed to update password');
    await endOthers();
    await this.#options.forgetResets?.(user.id);
    emit({ type: 'password_changed', userId: user.id, ...client });
  }

  /** Lets pass who needs no second factor, or gives a good code. @throws KernelError `E_SECOND_FACTOR`, RateLimitedError */
  async assertSecondFactor(userId: string, code: string | undefined, client: Client = {}): Promise<void> {
    const { secondFactor, emit } = this.#options;
    if (!secondFactor || !(await secondFactor.isEnabled(userId))) return;
    if (!code) throw secondFactorError('Second factor required');
    const isGood = await this.#throttled(
      userId,
      '',
      client,
      async () => ((await secondFactor.verify(userId, code)) ? true : null),
      'totp:',
    );
    if (isGood) return;
    emit({ type: 'second_factor_failed', userId, ...client });
    throw secondFactorError('Invalid code');
  }

  /** @throws BadRequestError for a wrong password, KernelError `E_SECOND_FACTOR` for a wrong code. */
  async disableSecondFactor(
    userId: string,
    { password, code }: { password?: string | undefined; code: string },
    client: Client = {},
  ): Promise<void> {
    const { users, hasher, secondFactor, emit } = this.#options;
    const user = await users.getById(userId);
    if (user?.passwordHash) {
      const isRight = await this.#throttled(userId, '', client, async () =>
        (await hasher.verify(password ?? '', user.passwordHash)) ? true : null,
      );
      if (!isRight) throw new BadRequestError('Invalid current password');
    }
    await this.assertSecondFactor(userId, code, client);
    await secondFactor?.remove(userId);
    emit({ type: 'second_factor_disabled', userId, ...client });
  }

  /** Shuts an account, or opens it again. Shut, its tokens are refused here at once, elsewhere within a second. */
  async setActive(userId: string, isActive: boolean): Promise<boolean> {
    const { users, sessions } = this.#options;
    if (!users.setActive)
      throw new KernelError('E_ADMIN', 'The user store cannot disable users; give it `setActive(userId, isActive)`');
    const isFound = await users.setActive(userId, isActive);
    if (!isActive) await sessions.endAll(userId, 'account disabled');
    return isFound;
  }

  /** Ends the sessions of the given tokens, whatever state these are in; unknown tokens are ignored. */
  async logout(tokens: ReadonlyArray<string | null | undefined>, client: Client = {}): Promise<void> {
    const { sessions, emit } = this.#options;
    for (const token of tokens) {
      const session = token ? await sessions.sessionOf(token) : null;
      if (!session) continue;
      await sessions.end(session.sessionId, 'logout');
      emit({ type: 'logout', ...session, ...client });
    }
  }

  /**
   * A known account is counted by its id: its name and its address must not give a guesser two budgets. Codes are counted
   * apart from passwords.
   */
  async #throttled<T>(
    userId: string | undefined,
    username: string,
    client: Client,
    check: () => Promise<T | null>,
    kind = '',
  ): Promise<T | null> {
    const { sessions, throttle, emit } = this.#options;
    const { ipAddress } = client;
    const isFamiliar = ipAddress ? await sessions.knowsAddress(userId ?? '', ipAddress) : false;
    const account = userId === undefined ? `name:${canonicalName(username)}` : `${kind}id:${userId}`;
    try {
      return await throttle.attempt({ account, ipAddress, isFamiliar }, check);
    } catch (error) {
      if (error instanceof RateLimitedError) emit({ type: 'login_throttled', ...(userId && { userId }), ...client });
      throw error;
    }
  }

  /** Stores a hash of today's scheme; only over the one that was checked, so that a new password is never undone. */
  async #renewHash(user: AuthUser, password: string): Promise<string> {
    const { users, hasher } = this.#options;
    const current = user.passwordHash ?? '';
    if (!users.replacePasswordHash || !hasher.needsRehash(current)) return current;
    const renewed = await hasher.hash(password);
    return (await users.replacePasswordHash(user.id, current, renewed)) ? renewed : current;
  }

  /** A password changed, or an account disabled, between the check and the new session must end that session too. */
  async #endIfOutdated(userId: string, password: string, hash: string, sessionId: string): Promise<void> {
    const { users, sessions, hasher } = this.#options;
    const user = await users.getById(userId);
    const isSame = user?.isActive && (user.passwordHash === null || user.passwordHash === hash);
    if (isSame || (user?.isActive && (await hasher.verify(password, user.passwordHash)))) return;
    await sessions.end(sessionId, 'credentials changed during sign-in');
    throw new AuthError('Invalid credentials');
  }

  async #welcome(user: AuthUser): Promise<void> {
    try {
      await this.#options.onSignup?.(user);
    } catch (error) {
      this.#options.logger.error({ err: error, userId: user.id }, 'The sign-up hook failed');
    }
  }
}

/**
 * Makes sure that the admin exists. An account that is an admin already is left as it is. An ordinary account of that
 * name becomes one only if it has the given password: anyone may have registered it.
 * @returns whether something was made or changed.
 */
export async function ensureAdmin(
  admin: { email: string; password: string },
  users: UserStore,
  hasher: PasswordHasher,
): Promise<boolean> {
  const existing = await users.getByUsername(admin.email);
  if (existing?.role === 'admin') return false;
  if (!users.setRole)
    throw new KernelError('E_ADMIN', 'The user store cannot set roles; give it `setRole(userId, role)`');
  if (existing && !(await hasher.verify(admin.password, existing.passwordHash))) {
    const mend = 'use another address, or give that account the role by hand';
    throw new KernelError('E_ADMIN', `${admin.email} is an ordinary account with another password; ${mend}`);
  }
  const account = existing ?? (await createAdmin(admin, users, hasher));
  await users.markEmailVerified?.(account.id, admin.email); // whoever runs the service vouches for the address
  return users.setRole(account.id, 'admin');
}

async function createAdmin(
  { email, password }: { email: string; password: string },
  users: UserStore,
  hasher: PasswordHasher,
): Promise<AuthUser> {
  checkPassword(password);
  const passwordHash = await hasher.hash(password);
  try {
    return await users.create({ username: email, email, passwordHash });
  } catch (error) {
    const winner = await users.getByUsername(email); // another instance that starts at the same moment
    if (winner && (await hasher.verify(password, winner.passwordHash))) return winner;
    throw error;
  }
}
