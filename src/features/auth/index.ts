export { ensureAdmin } from './accounts.js';
export type { Authenticator } from './authenticate.js';
export { type Auth, type AuthOptions, createAuth } from './create-auth.js';
export { KernelAuthSession, KernelAuthToken, KernelAuthTotp, KernelAuthUser } from './entities.js';
export { clientOf } from './fields.js';
export { covers, isGrant } from './grants.js';
export type { LoginLimits } from './login-throttle.js';
export { createPasswordHasher, hashPassword, type PasswordHasher, verifyPassword } from './passwords.js';
export { type AuthRouterOptions, createAuthRouter } from './routes.js';
export { DatabaseSessionStore, RedisSessionStore, type Session, type SessionStore } from './session-store.js';
export type { AuthEvent, Client } from './sessions.js';
export {
  AUTH_CONFIG,
  type AuthConfig,
  authConfig,
  createAccessToken,
  createRefreshToken,
  decodeToken,
  IssuedTokens,
  TokenPayload,
} from './tokens.js';
export {
  type AuthService,
  AuthServiceAdapter,
  type AuthUser,
  canonicalName,
  isEmail,
  KernelUserStore,
  type NewUser,
  type UserStore,
} from './user-store.js';
