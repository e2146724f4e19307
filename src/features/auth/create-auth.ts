import { type Clock, systemClock } from '../../base/clock.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import type { SessionHandle } from '../../orm/index.js';
import { RateLimiter } from '../../reliability/limits/rate-limiter.js';
import type { Outbox } from '../email/index.js';
import { Accounts } from './accounts.js';
import {
  type Authenticate,
  type Authenticator,
  AuthState,
  type AuthStateOptions,
  createAuthenticate,
} from './authenticate.js';
import { DEFAULT_LOGIN_LIMITS, type LoginLimits, LoginThrottle } from './login-throttle.js';
import { createPasswordHasher, type PasswordHasher } from './passwords.js';
import { Recovery } from './recovery/recovery.js';
import { TokenStore } from './recovery/token-store.js';
import { SecondFactor } from './second-factor/second-factor.js';
import { DatabaseSessionStore, type SessionStore } from './session-store.js';
import { type AuthEvent, Sessions } from './sessions.js';
import { type AuthConfig, authConfig, type IssuedTokens } from './tokens.js';
import { type AuthUser, KernelUserStore, type UserStore } from './user-store.js';

export interface AuthOptions {
  /** Secret, lifetimes, issuer and audience. */
  config: Pick<AuthConfig, 'tokenSecret'> & Partial<AuthConfig>;
  /** Where the default stores keep their tables; default the newest open database that lists them. */
  db?: SessionHandle;
  /** Default: `kernel_auth_users`. */
  userStore?: UserStore;
  /** Default: `kernel_auth_sessions`. Without a database give a `RedisSessionStore`. */
  sessionStore?: SessionStore;
  /** Counts failed sign-ins. Default: within this process; give the kernel's, so that instances count together. */
  limiter?: RateLimiter;
  limits?: Partial<LoginLimits>;
  hasher?: PasswordHasher;
  /** Default true. */
  allowSelfSignup?: boolean;
  /** Other proofs of identity, tried before tokens; the list may grow later. */
  authenticators?: readonly Authenticator[];
  /** Told of every sign-in, refusal, password change… It must not throw; if it does, that is logged. */
  onEvent?(event: AuthEvent): void;
  /** Sends what verifies addresses and resets passwords; without it nothing is mailed. */
  outbox?: Pick<Outbox, 'post'>;
  /** Page that takes `?token=` and posts it to `/auth/verify-email`; without one the mail has the bare token. */
  verifyEmailUrl?: string | null;
  /** Page that takes `?token=` and posts it with a password to `/auth/reset-password`. */
  resetPasswordUrl?: string | null;
  /** Runs when a reset gives a never verified account to whoever reads its mail: take away every other way in. */
  onTakeover?(userId: string): Promise<void> | void;
  /** Runs after each registration. */
  onSignup?(user: AuthUser): Promise<void> | void;
  logger?: Logger;
  clock?: Clock;
}

/** Everything about who is asking, wired together. */
export interface Auth {
  readonly config: AuthConfig;
  readonly userStore: UserStore;
  readonly hasher: PasswordHasher;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  /** Absent where there is no database to keep its tokens. */
  readonly recovery: Recovery | undefined;
  /** Absent where there is no database to keep it. */
  readonly secondFactor: SecondFactor | undefined;
  /** Forget a user here when you change or disable one, and it counts at once instead of within a second. */
  readonly state: AuthState;
  /** The slot of the HTTP stack. */
  readonly authenticate: Authenticate;
  /** Tokens of a new session, which logout can end: for custom ways to sign in. */
  issueTokens(user: Pick<AuthUser, 'id' | 'email' | 'role'>): Promise<IssuedTokens>;
}

export function createAuth(options: AuthOptions): Auth {
  const config = authConfig(options.config);
  const on = options.db ? { db: options.db } : {};
  const kernelUsers = new KernelUserStore(on);
  const users = options.userStore ?? kernelUsers;
  const store = options.sessionStore ?? new DatabaseSessionStore(on);
  const isOnePlace = users === kernelUsers && !options.sessionStore;
  const readBoth: AuthStateOptions['readBoth'] = isOnePlace ? kernelUsers.getInSession.bind(kernelUsers) : undefined;
  const hasher = options.hasher ?? createPasswordHasher();
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? silentLogger;
  const emit = (event: AuthEvent): void => tell(options, logger, event);
  const limiter = options.limiter ?? new RateLimiter(null, {}, { clock, logger });
  const throttle = new LoginThrottle(limiter, { ...DEFAULT_LOGIN_LIMITS, ...options.limits });
  const state = new AuthState({ sessions: store, users, readBoth, clock });
  const sessions = new Sessions({ config, store, users, state, emit, clock });
  const { allowSelfSignup = true, authenticators = [], onTakeover } = options;
  const { verifyEmailUrl: verifyEmail = null, resetPasswordUrl: resetPassword = null, outbox } = options;
  const hasTables = options.db !== undefined || !options.sessionStore;
  const { tokenSecret, issuer } = config;
  const secondFactor = hasTables ? new SecondFactor({ tokenSecret, issuer, clock, ...on }) : undefined;
  const tokens = hasTables ? new TokenStore({ ...on, clock }) : undefined;
  const recovery = tokens
    ? new Recovery({
        users,
        sessions,
        tokens,
        hasher,
        limiter,
        outbox,
        urls: { verifyEmail, resetPassword },
        emit,
        onTakeover: async (userId) => {
          await secondFactor?.remove(userId);
          await onTakeover?.(userId);
        },
      })
    : undefined;
  const onSignup = async (user: AuthUser): Promise<void> => {
    if (recovery?.canMail) recovery.sendVerification(user.id);
    await options.onSignup?.(user);
  };
  return Object.freeze({
    config,
    userStore: users,
    hasher,
    accounts: new Accounts({
      users,
      sessions,
      hasher,
      throttle,
      secondFactor,
      forgetResets: tokens && ((userId) => tokens.revoke('reset_password', userId)),
      allowSelfSignup,
      emit,
      logger,
      onSignup,
    }),
    sessions,
    recovery,
    secondFactor,
    state,
    authenticate: createAuthenticate({ config, state, authenticators, clock }),
    issueTokens: (user: Pick<AuthUser, 'id' | 'email' | 'role'>) => sessions.start(user),
  });
}

function tell(options: AuthOptions, logger: Logger, event: AuthEvent): void {
  try {
    options.onEvent?.(event);
  } catch (error) {
    logger.error({ err: error, event: event.type }, 'The auth event hook failed');
  }
}
