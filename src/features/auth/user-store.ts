import { type Clock, systemClock } from '../../base/clock.js';
import { ConflictError, ConstraintError } from '../../base/errors.js';
import type { SessionHandle } from '../../orm/index.js';
import { KernelAuthUser } from './entities.js';

/** An account as sign-in sees it. */
export interface AuthUser {
  readonly id: string;
  /** What the person signs in with: an e-mail address, or a name where the store has names. */
  readonly username: string;
  readonly email: string | null;
  readonly role: string;
  readonly isActive: boolean;
  readonly createdAt: Date;
  /** Null for an account that has no password. */
  readonly passwordHash: string | null;
  /** When the account's holder was last shown to read the mail of `email`; absent or null for never. */
  readonly emailVerifiedAt?: Date | null;
  /** Tokens without a session that are older than this are refused. */
  readonly passwordChangedAt?: Date | null;
}

export interface NewUser {
  username: string;
  email?: string | null;
  passwordHash?: string | null;
  identityHash?: string | null;
}

/** Where accounts live. `KernelUserStore` is the default; implement it to bring your own. */
export interface UserStore {
  /** By e-mail address or user name, in any letter case. */
  getByUsername(username: string): Promise<AuthUser | null>;
  getById(userId: string): Promise<AuthUser | null>;
  /** @throws ConflictError when the name or the address is taken. */
  create(user: NewUser): Promise<AuthUser>;
  /** False when there is no such user. */
  updatePassword(userId: string, passwordHash: string): Promise<boolean>;
  /** Puts `toHash` in the place of `fromHash`, and only of it: lets sign-in renew old hashes. */
  replacePasswordHash?(userId: string, fromHash: string, toHash: string): Promise<boolean>;
  getByIdentityHash?(identityHash: string): Promise<AuthUser | null>;
  /** The new address is not verified. */
  updateEmail?(userId: string, email: string): Promise<boolean>;
  /** Notes that the user reads the mail of `email`; false when it is not, or no longer, the user's address. */
  markEmailVerified?(userId: string, email: string): Promise<boolean>;
  setRole?(userId: string, role: string): Promise<boolean>;
  setActive?(userId: string, isActive: boolean): Promise<boolean>;
}

/** The form in which names and addresses are compared. */
export function canonicalName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@\p{C}"<>(),;:\\]+@[^\s@\p{C}"<>(),;:\\]+\.[^\s@.\p{C}"<>(),;:\\]+$/u.test(text);
}

/** Accounts in `kernel_auth_users` of `db`; without it, of the ambient or the newest open database. */
export class KernelUserStore implements UserStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;

  constructor(on: { db?: SessionHandle } = {}, clock: Clock = systemClock) {
    this.#on = on;
    this.#clock = clock;
  }

  /** A name holds no `@`, so a name can never be taken for somebody's address. */
  async getByUsername(username: string): Promise<AuthUser | null> {
    const canonical = canonicalName(username);
    const where = canonical.includes('@') ? { email: canonical } : { username: canonical };
    return present(await KernelAuthUser.findOne({ where, ...this.#on }));
  }

  async getById(userId: string): Promise<AuthUser | null> {
    return present(await KernelAuthUser.get(userId, this.#on));
  }

  /** The user, if the session is theirs and live at `at`: both in one query. */
  async getInSession(userId: string, sessionId: string, at: Date): Promise<AuthUser | null> {
    const session = 'SELECT user_id FROM kernel_auth_sessions WHERE id = ? AND revoked_at IS NULL AND expires_at > ?';
    const where = `[id] = ? AND [id] = (${session})`;
    return present(await KernelAuthUser.findOne({ where, params: [userId, sessionId, at], ...this.#on }));
  }

  async getByIdentityHash(identityHash: string): Promise<AuthUser | null> {
    return present(await KernelAuthUser.findOne({ where: { identityHash }, ...this.#on }));
  }

  async create({ username, email, passwordHash = null, identityHash = null }: NewUser): Promise<AuthUser> {
    const name = username.normalize('NFKC').trim();
    const canonical = canonicalName(name);
    const isAddress = canonical.includes('@');
    const address = email ? canonicalName(email) : isAddress ? canonical : null;
    if (isAddress && address !== canonical) {
      throw new ConflictError('A user name with "@" must be the e-mail address itself; choose another name');
    }
    const row = { email: address, username: isAddress ? null : canonical, name, passwordHash, identityHash };
    return toAuthUser(await refuseDuplicate(username, email ?? null, () => KernelAuthUser.save(row, this.#on)));
  }

  async updatePassword(userId: string, passwordHash: string): Promise<boolean> {
    const passwordChangedAt = new Date(this.#clock.now());
    return (await KernelAuthUser.update(userId, { passwordHash, passwordChangedAt }, this.#on)) !== null;
  }

  async replacePasswordHash(userId: string, fromHash: string, toHash: string): Promise<boolean> {
    const row = await KernelAuthUser.get(userId, this.#on);
    if (row?.passwordHash !== fromHash) return false;
    try {
      await KernelAuthUser.update(userId, { passwordHash: toHash }, { expectedVersion: row.version, ...this.#on });
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return false;
      throw error;
    }
  }

  async updateEmail(userId: string, email: string): Promise<boolean> {
    const address = canonicalName(email);
    const change = { email: address, emailVerifiedAt: null };
    return (await refuseDuplicate(email, email, () => KernelAuthUser.update(userId, change, this.#on))) !== null;
  }

  async markEmailVerified(userId: string, email: string): Promise<boolean> {
    const row = await KernelAuthUser.get(userId, this.#on);
    if (row?.email !== canonicalName(email)) return false;
    if (row.emailVerifiedAt) return true;
    try {
      await KernelAuthUser.update(
        userId,
        { emailVerifiedAt: new Date(this.#clock.now()) },
        { expectedVersion: row.version, ...this.#on },
      );
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return this.markEmailVerified(userId, email); // the address may be another now
      throw error;
    }
  }

  async setRole(userId: string, role: string): Promise<boolean> {
    return (await KernelAuthUser.update(userId, { role }, this.#on)) !== null;
  }

  async setActive(userId: string, isActive: boolean): Promise<boolean> {
    return (await KernelAuthUser.update(userId, { isActive }, this.#on)) !== null;
  }
}

async function refuseDuplicate<T>(username: string, email: string | null, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ConstraintError) || error.kind !== 'unique') throw error;
    const byName = error.columns.some((column) => column.endsWith('username'));
    const [what, text] =
      byName || (!email && !username.includes('@')) ? ['Username', username] : ['Email', email ?? username];
    throw new ConflictError(`${what} '${text}' already exists`, { cause: error });
  }
}

function present(row: KernelAuthUser | null): AuthUser | null {
  return row && toAuthUser(row);
}

/** The hash is not enumerable: a handler that answers with the user must not send it. */
function toAuthUser(row: KernelAuthUser): AuthUser {
  const visible = {
    id: row.id,
    username: row.name ?? row.username ?? row.email ?? '',
    email: row.email ?? null,
    role: row.role,
    isActive: row.isActive,
    createdAt: row.createdAt,
    emailVerifiedAt: row.emailVerifiedAt ?? null,
    passwordChangedAt: row.passwordChangedAt ?? null,
  };
  return Object.defineProperty(visible, 'passwordHash', { value: row.passwordHash ?? null }) as AuthUser;
}

/** An existing account service; its users may be written in camelCase or snake_case. */
export interface AuthService {
  getUserByUsername(username: string): Promise<object | null | undefined>;
  getUserById(userId: string): Promise<object | null | undefined>;
  createUser(user: NewUser): Promise<object>;
  updatePassword(userId: string, passwordHash: string): Promise<unknown>;
}

/** Makes a `UserStore` of any object with the four verbs of `AuthService`. */
export class AuthServiceAdapter implements UserStore {
  readonly #service: AuthService;

  constructor(service: AuthService) {
    this.#service = service;
  }

  async getByUsername(username: string): Promise<AuthUser | null> {
    return adapt(await this.#service.getUserByUsername(username));
  }

  async getById(userId: string): Promise<AuthUser | null> {
    return adapt(await this.#service.getUserById(userId));
  }

  async create(user: NewUser): Promise<AuthUser> {
    return adapted(await this.#service.createUser(user));
  }

  async updatePassword(userId: string, passwordHash: string): Promise<boolean> {
    return (await this.#service.updatePassword(userId, passwordHash)) !== false;
  }
}

function adapt(user: object | null | undefined): AuthUser | null {
  return user ? adapted(user) : null;
}

function adapted(user: object): AuthUser {
  const fields = user as Readonly<Record<string, unknown>>;
  const email = fields.email === undefined || fields.email === null ? null : String(fields.email);
  const isActive = fields.isActive ?? fields.is_active ?? true;
  const hash = fields.passwordHash ?? fields.password_hash;
  const created = fields.createdAt ?? fields.created_at;
  const visible = {
    id: String(fields.id),
    username: String(fields.username ?? fields.name ?? email ?? ''),
    email,
    role: String(fields.role ?? 'user'),
    isActive: isActive === true || isActive === 1,
    createdAt: created instanceof Date ? created : new Date(typeof created === 'string' ? created : 0),
  };
  return Object.defineProperty(visible, 'passwordHash', { value: typeof hash === 'string' ? hash : null }) as AuthUser;
}
