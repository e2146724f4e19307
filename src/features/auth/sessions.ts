import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.js';
import { ConflictError } from '../../base/errors.js';
import { randomToken, uuidv7 } from '../../base/ids.js';
import { addressBucket } from '../../http/edge/ip-address.js';
import { AuthError } from '../../http/errors.js';
import type { AuthState } from './authenticate.js';
import type { Session, SessionStore } from './session-store.js';
import {
  type AuthConfig,
  createAccessToken,
  createRefreshToken,
  decodeToken,
  IssuedTokens,
  type TokenPayload,
} from './tokens.js';
import type { AuthUser, UserStore } from './user-store.js';

/** How long two honest tabs may take to use the same refresh token, ms. */
const RACE_GRACE_MS = 10_000;

/** Where a request came from. */
export interface Client {
  ipAddress?: string | null;
  userAgent?: string | null;
}

/** What happened to an account, for whoever keeps a log of it. Never carries a password or a token. */
export interface AuthEvent extends Client {
  type:
    | 'register'
    | 'login'
    | 'login_failed'
    | 'login_throttled'
    | 'refresh'
    | 'refresh_reused'
    | 'logout'
    | 'session_ended'
    | 'signed_out_everywhere'
    | 'email_verified'
    | 'password_reset_requested'
    | 'password_reset'
    | 'second_factor_failed'
    | 'second_factor_disabled'
    | 'password_changed';
  userId?: string;
  sessionId?: string;
  /** The name that was tried, where no account is known. */
  username?: string;
}

export type EmitAuthEvent = (event: AuthEvent) => void;

export interface SessionsOptions {
  config: AuthConfig;
  store: SessionStore;
  users: UserStore;
  state: AuthState;
  emit: EmitAuthEvent;
  clock?: Clock;
}

/**
 * Sign-ins that can be ended. A refresh token works once: using it swaps, atomically, the hash that its session
 * remembers. An older one coming back means that it was copied, so the whole session ends. The one exception: the
 * directly preceding token within ten seconds, while its successor is unused, is two honest tabs that raced. The loser is
 * refused and given nothing, as a thief could be the loser just as well; the session lives on with its one successor.
 */
export class Sessions {
  readonly #config: AuthConfig;
  readonly #store: SessionStore;
  readonly #users: UserStore;
  readonly #state: AuthState;
  readonly #emit: EmitAuthEvent;
  readonly #clock: Clock;

  constructor(options: SessionsOptions) {
    this.#config = options.config;
    this.#store = options.store;
    this.#users = options.users;
    this.#state = options.state;
    this.#emit = options.emit;
    this.#clock = options.clock ?? systemClock;
  }

  /** Opens a session of `user` and answers its first tokens. */
  async start(user: Pick<AuthUser, 'id' | 'email' | 'role'>, client: Client = {}): Promise<IssuedTokens> {
    const { tokenId, session } = this.#newSession(user.id, client);
    await this.#store.create(session);
    return this.#tokens(user, session.id, tokenId);
  }

  /**
   * New tokens for a refresh token, which is used up.
   * @throws AuthError when it is expired, of another kind, used before, or its session has ended.
   */
  async refresh(refreshToken: string, client: Client = {}): Promise<IssuedTokens> {
    const payload = decodeToken(refreshToken, this.#decoding());
    if (!payload.isRefreshToken) throw new AuthError('Expected refresh token');
    const { sessionId, tokenId } = payload;
    if (!tokenId) throw new AuthError('Invalid token: jti is required');
    const hash = hashOf(tokenId);
    const user = await this.#activeUser(payload);
    const session = sessionId ? await this.#store.get(sessionId) : await this.#store.getByOrigin(hash);
    if (!session && !sessionId) return this.#adopt(hash, payload, user, client);

    this.#assertLive(session, payload.sub);
    const next = randomToken();
    const rotation = { fromHash: hash, toHash: hashOf(next), at: this.#now(), expiresAt: this.#expiry() };
    const isCurrent = await this.#store.rotate(session.id, rotation);
    if (!isCurrent) throw await this.#refuseUsed(session.id, hash, client);
    this.#emit({ type: 'refresh', userId: user.id, sessionId: session.id, ...client });
    return this.#tokens(user, session.id, next);
  }

  /** Ends one session: its tokens are refused here at once, on other instances within a second. */
  async end(sessionId: string, reason: string): Promise<void> {
    await this.#store.revoke(sessionId, this.#now(), reason);
    this.#state.forgetSession(sessionId);
  }

  /** Ends all sessions of a user, or all but one. */
  async endAll(userId: string, reason: string, exceptId?: string): Promise<void> {
    await this.#store.revokeUser(userId, this.#now(), reason, exceptId);
    this.#state.forgetUser(userId);
  }

  /** Where the user is signed in, newest first. */
  liveOf(userId: string): Promise<Session[]> {
    return this.#store.listLive(userId, this.#now());
  }

  /** Ends one session of the user, or with null all of them, because the user says so. */
  async signOut(userId: string, sessionId: string | null, client: Client = {}): Promise<void> {
    if (sessionId === null) {
      await this.endAll(userId, 'signed out everywhere');
      this.#emit({ type: 'signed_out_everywhere', userId, ...client });
      return;
    }
    await this.end(sessionId, 'signed out');
    this.#emit({ type: 'session_ended', userId, sessionId, ...client });
  }

  /** The session an access or refresh token belongs to, also of an expired one: enough to end it, and no more. */
  async sessionOf(token: string): Promise<{ userId: string; sessionId: string } | null> {
    try {
      const payload = decodeToken(token, { ...this.#decoding(), ignoreExpiration: true });
      const { sub: userId, sessionId, tokenId, isRefreshToken } = payload;
      if (sessionId) return { userId, sessionId };
      const opened = isRefreshToken && tokenId ? await this.#store.getByOrigin(hashOf(tokenId)) : null;
      return opened && { userId, sessionId: opened.id };
    } catch (error) {
      if (error instanceof AuthError) return null;
      throw error;
    }
  }

  /** True when the user has signed in from there before; an IPv6 address counts by its /64 network. */
  knowsAddress(userId: string, ipAddress: string): Promise<boolean> {
    return this.#store.knowsAddress(userId, addressBucket(ipAddress));
  }

  /** A refresh token made by hand has no session yet: its first use, and only that, opens one. */
  async #adopt(originHash: string, payload: TokenPayload, user: AuthUser, client: Client): Promise<IssuedTokens> {
    const { tokenId, session } = this.#newSession(user.id, client);
    const expiresAt = new Date(Math.max(+session.expiresAt, Number(payload.exp))); // remembered while the token lives
    const adopted = { ...session, originHash, previousHash: originHash, rotatedAt: this.#now(), expiresAt };
    try {
      await this.#store.create(adopted);
    } catch (error) {
      const first = error instanceof ConflictError ? await this.#store.getByOrigin(originHash) : null;
      if (!first) throw error;
      throw await this.#refuseUsed(first.id, originHash, client);
    }
    await this.#endUnlessGood(session.id, payload);
    return this.#tokens(user, session.id, tokenId);
  }

  /** A password changed before the new session could be seen must end it too. */
  async #endUnlessGood(sessionId: string, payload: TokenPayload): Promise<void> {
    try {
      await this.#activeUser(payload);
    } catch (error) {
      await this.end(sessionId, 'credentials changed during sign-in');
      throw error;
    }
  }

  async #refuseUsed(id: string, hash: string, client: Client): Promise<AuthError> {
    const session = await this.#store.get(id);
    if (!session || session.revokedAt) return new AuthError('Session has ended');
    const age = this.#clock.now() - Number(session.rotatedAt);
    if (session.previousHash === hash && age <= RACE_GRACE_MS) {
      return new AuthError('Refresh token was used a moment ago; use the tokens of that answer');
    }
    await this.end(id, 'refresh token reused');
    this.#emit({ type: 'refresh_reused', userId: session.userId, sessionId: id, ...client });
    return new AuthError('Session has ended');
  }

  async #activeUser(payload: TokenPayload): Promise<AuthUser> {
    const user = await this.#users.getById(payload.sub);
    if (!user?.isActive) throw new AuthError('User not found');
    if (!payload.sessionId) this.#state.assertNewerThanPassword(payload, user);
    return user;
  }

  #assertLive(session: Session | null, userId: string): asserts session is Session {
    const isLive = session && session.userId === userId && !session.revokedAt && +session.expiresAt > this.#clock.now();
    if (!isLive) throw new AuthError('Session has ended');
  }

  #newSession(userId: string, client: Client): { tokenId: string; session: Session } {
    const tokenId = randomToken();
    const session = {
      id: uuidv7(),
      userId,
      tokenHash: hashOf(tokenId),
      previousHash: null,
      rotatedAt: null,
      originHash: null,
      expiresAt: this.#expiry(),
      revokedAt: null,
      ipAddress: client.ipAddress ? addressBucket(client.ipAddress) : null,
      userAgent: client.userAgent?.slice(0, 512) ?? null,
    };
    return { tokenId, session };
  }

  #tokens(user: Pick<AuthUser, 'id' | 'email' | 'role'>, sessionId: string, tokenId: string): IssuedTokens {
    const { tokenSecret: secret, issuer, audience, accessTokenExpiresMinutes, refreshTokenExpiresDays } = this.#config;
    const shared = { userId: user.id, sessionId, secret, issuer, audience, clock: this.#clock };
    return new IssuedTokens(
      createAccessToken({ ...shared, email: user.email, role: user.role, expiresMinutes: accessTokenExpiresMinutes }),
      createRefreshToken({ ...shared, tokenId, expiresDays: refreshTokenExpiresDays }),
      Math.round(accessTokenExpiresMinutes * 60),
      sessionId,
    );
  }

  #decoding() {
    const { tokenSecret: secret, issuer, audience } = this.#config;
    return { secret, issuer, audience, clock: this.#clock };
  }

  #expiry(): Date {
    return new Date(this.#clock.now() + this.#config.refreshTokenExpiresDays * 86_400_000);
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function hashOf(tokenId: string): string {
  return createHash('sha256').update(tokenId).digest('hex');
}
