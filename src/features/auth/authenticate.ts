import { type Clock, systemClock } from '../../base/clock.js';
import { isKernelError } from '../../base/errors.js';
import { AuthError } from '../../http/errors.js';
import type { AuthInfo, HttpContext } from '../../http/request-state.js';
import { UserIdentity } from '../../http/user-identity.js';
import type { SessionStore } from './session-store.js';
import type { AuthConfig, TokenPayload } from './tokens.js';
import type { AuthUser, UserStore } from './user-store.js';
import { verifyOnce } from './verified-tokens.js';

/** How old an answer about a session may be. Below one second, so that a revocation elsewhere counts within one. */
const STATE_CACHE_MS = 750;
const MAX_CACHED = 10_000;

export interface AuthStateOptions {
  sessions: SessionStore;
  users: UserStore;
  /** Reads user and live session in one go, where both are in one place; null when either is missing. */
  readBoth?: ((userId: string, sessionId: string, at: Date) => Promise<AuthUser | null>) | undefined;
  clock?: Clock;
}

interface CachedUser {
  userId: string;
  readAt: number;
  user: Promise<AuthUser>;
  /** Once it has been read: most requests of a session need not wait even for a promise. */
  read?: AuthUser;
}

/**
 * Whether a token's user and session are still good, read from the store at most once per session and three quarters of
 * a second. The role is the stored one, not the token's. A store that cannot answer makes the call fail: never open.
 */
export class AuthState {
  readonly #sessions: SessionStore;
  readonly #users: UserStore;
  readonly #readBoth: AuthStateOptions['readBoth'];
  readonly #clock: Clock;
  readonly #cached = new Map<string, CachedUser>();

  constructor(options: AuthStateOptions) {
    this.#sessions = options.sessions;
    this.#users = options.users;
    this.#readBoth = options.readBoth;
    this.#clock = options.clock ?? systemClock;
  }

  /** @throws AuthError when the session has ended or the user is gone or disabled. */
  userOf(payload: TokenPayload): AuthUser | Promise<AuthUser> {
    const key = payload.sessionId ? `session:${payload.sessionId}:${payload.sub}` : `user:${payload.sub}`;
    const known = this.#cached.get(key);
    const isFresh = known && Math.abs(this.#clock.now() - known.readAt) < STATE_CACHE_MS;
    const { read, user } = isFresh ? known : this.#read(key, payload);
    const check = (found: AuthUser): AuthUser => {
      if (!payload.sessionId) this.assertNewerThanPassword(payload, found);
      return found;
    };
    return read ? check(read) : user.then(check);
  }

  /** A token without a session ends with the password that was good when it was made. */
  assertNewerThanPassword(payload: TokenPayload, user: AuthUser): void {
    if (!user.passwordChangedAt || !payload.iat) return;
    const changedAtSecond = Math.floor(user.passwordChangedAt.getTime() / 1000) * 1000;
    if (payload.iat.getTime() < changedAtSecond) throw new AuthError('Session has ended');
  }

  forgetSession(sessionId: string): void {
    for (const key of this.#cached.keys()) if (key.startsWith(`session:${sessionId}:`)) this.#cached.delete(key);
  }

  forgetUser(userId: string): void {
    for (const [key, { userId: cachedId }] of this.#cached) if (cachedId === userId) this.#cached.delete(key);
  }

  /**
   * The promise is kept, so that simultaneous requests share one read; its age counts from before the read. A refusal is
   * kept as well: who holds an ended token must not keep the store busy with it. An outage is not.
   */
  #read(key: string, payload: TokenPayload): CachedUser {
    const entry: CachedUser = { userId: payload.sub, readAt: this.#clock.now(), user: this.#load(payload) };
    this.#cached.delete(key);
    this.#cached.set(key, entry);
    const keep = (user: AuthUser): void => {
      entry.read = user;
    };
    entry.user.then(keep, (error: unknown) => {
      if (!(error instanceof AuthError) && this.#cached.get(key) === entry) this.#cached.delete(key);
    });
    if (this.#cached.size > MAX_CACHED) this.#cached.delete(this.#cached.keys().next().value ?? '');
    return entry;
  }

  async #load({ sub, sessionId }: TokenPayload): Promise<AuthUser> {
    if (this.#readBoth && sessionId !== undefined) {
      const live = await this.#readBoth(sub, sessionId, new Date(this.#clock.now()));
      if (live?.isActive) return live;
    }
    return this.#loadApart(sub, sessionId);
  }

  /** Two reads, which tell what is wrong. */
  async #loadApart(userId: string, sessionId: string | undefined): Promise<AuthUser> {
    const [user, session] = await Promise.all([
      this.#users.getById(userId),
      sessionId === undefined ? undefined : this.#sessions.get(sessionId),
    ]);
    if (session !== undefined) {
      const isLive = session?.userId === userId && !session.revokedAt && +session.expiresAt > this.#clock.now();
      if (!isLive) throw new AuthError('Session has ended');
    }
    if (!user?.isActive) throw new AuthError('User not found');
    return user;
  }
}

/** What a proof of identity stands for. */
export interface Authenticated {
  user: UserIdentity;
  auth: AuthInfo;
}

/** One way to prove who is asking, by a bearer credential: an API key, say. */
export interface Authenticator {
  /** True when the credential is of this kind; then no other way is tried. */
  claims(credential: string): boolean;
  /** @throws AuthError when it is not good. */
  authenticate(credential: string, ctx: HttpContext): Promise<Authenticated>;
}

export interface AuthenticateOptions {
  config: AuthConfig;
  state: AuthState;
  /** Tried before tokens, in order; a room may add to the list later. */
  authenticators?: readonly Authenticator[];
  clock?: Clock;
}

/** Fills the state of a request from its `Authorization` header, or notes why that was refused. */
export type Authenticate = (ctx: HttpContext) => void | Promise<void>;

/**
 * The stack's authentication slot. It refuses nothing by itself: a public route stays public with a stale token, and a
 * guard answers with the noted reason (401, or 503 when the stores did not answer).
 */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const authenticators = options.authenticators ?? [];
  const verify = verifyOnce(options);
  const prove = (credential: string, ctx: HttpContext): Authenticated | Promise<Authenticated> => {
    const way = authenticators.find((candidate) => candidate.claims(credential));
    return way ? way.authenticate(credential, ctx) : byToken(verify(credential), options);
  };
  return function authenticate(ctx) {
    const credential = bearerCredential(ctx.get('Authorization'));
    if (credential === null) return undefined;
    const accept = ({ user, auth }: Authenticated): void => {
      ctx.state.user = user;
      ctx.state.auth = auth;
    };
    const refuse = (error: unknown): void => {
      if (!isKernelError(error)) throw error;
      ctx.state.authError = error;
    };
    try {
      const proof = prove(credential, ctx);
      return proof instanceof Promise ? proof.then(accept, refuse) : accept(proof);
    } catch (error) {
      return refuse(error);
    }
  };
}

/** The credential of a `Bearer` header; null for none and for other schemes. */
export function bearerCredential(header: string): string | null {
  const match = /^bearer +([^\s]+)$/i.exec(header.trim());
  return match?.[1] ?? null;
}

function byToken(payload: TokenPayload, { state }: AuthenticateOptions): Authenticated | Promise<Authenticated> {
  if (payload.isRefreshToken) throw new AuthError('Expected access token');
  const { sessionId } = payload;
  const standFor = ({ id, email, role, isActive, createdAt }: AuthUser): Authenticated => ({
    user: new UserIdentity({ id, email: email ?? '', role, isActive, createdAt }),
    auth: { type: 'user', userId: id, ...(sessionId !== undefined && { sessionId }) },
  });
  const user = state.userOf(payload);
  return user instanceof Promise ? user.then(standFor) : standFor(user);
}
