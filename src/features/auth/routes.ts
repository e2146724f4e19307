import { z } from 'zod';
import { createRouter, type TypedRouter } from '../../http/routing/typed-router.js';
import { bearerCredential } from './authenticate.js';
import { type Auth, type AuthOptions, createAuth } from './create-auth.js';
import { clientOf, Email, GivenPassword, MAX_BODY_BYTES, MessageResponse, NewPassword, Token } from './fields.js';
import { createRecoveryRoutes } from './recovery/routes.js';
import { createSecondFactorRoutes } from './second-factor/routes.js';
import { createSessionRoutes } from './session-routes.js';
import { type AuthUser, canonicalName, isEmail } from './user-store.js';

const RegisterRequest = z
  .object({
    username: z
      .string()
      .trim()
      .min(3)
      .max(254)
      .regex(/^\P{C}+$/u, 'Control characters are not allowed')
      .refine((name) => canonicalName(name).length <= 254, 'Use at most 254 characters'),
    email: Email.nullish(),
    password: NewPassword,
  })
  .superRefine(({ username, email }, context) => {
    const name = canonicalName(username);
    if (!name.includes('@') || (email ? canonicalName(email) === name : isEmail(name))) return;
    const message = 'A user name with "@" must be the account’s e-mail address';
    context.addIssue({ code: 'custom', path: ['username'], message });
  });

const LoginRequest = z.object({
  username: z.string().min(1).max(254),
  password: GivenPassword,
  totp_code: z.string().max(64).optional().describe('Where the account has a second factor.'),
});
const RefreshRequest = z.object({ refresh_token: Token });
const ChangePasswordRequest = z.object({ old_password: GivenPassword, new_password: NewPassword });
const LogoutRequest = z.object({ refresh_token: Token.optional() }).optional();

const UserResponse = z.object({
  id: z.string(),
  username: z.string(),
  email: z.string().nullable(),
  role: z.string(),
});
const TokenResponse = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  expires_in: z.number().int().describe('Seconds until the access token expires.'),
});

export interface AuthRouterOptions {
  /** Default `/auth`. */
  prefix?: string;
  /** Most bytes of a body; at most (and by default) 64 KiB. */
  maxBodySize?: number;
}

/** The routes, and what they work with. */
export type AuthRouter = TypedRouter & { readonly auth: Auth };

/**
 * Register, login, refresh, me, change-password and logout, the caller's sessions, and where there is a database the
 * verification of addresses and the reset of passwords. Takes what `createAuth` made, or its options; the
 * stack that mounts it must have the `auth.authenticate` of the result in its authentication slot.
 */
export function createAuthRouter(given: (Auth | AuthOptions) & AuthRouterOptions): AuthRouter {
  const auth = 'accounts' in given ? given : createAuth(given);
  const { accounts, sessions, userStore } = auth;
  const maxBodySize = Math.min(given.maxBodySize ?? MAX_BODY_BYTES, MAX_BODY_BYTES);
  const prefix = given.prefix ?? '/auth';
  const router: TypedRouter = createRouter({ prefix, tags: ['auth'] });

  router.post(
    '/register',
    { body: RegisterRequest, maxBodySize, response: UserResponse, status: 201, summary: 'Register a new user' },
    async ({ ctx, body }) => toResponse(await accounts.register(body, clientOf(ctx))),
  );

  router.post(
    '/login',
    { body: LoginRequest, maxBodySize, response: TokenResponse, summary: 'Sign in' },
    async ({ ctx, body: { totp_code: totpCode, ...body } }) =>
      (await accounts.login({ ...body, totpCode }, clientOf(ctx))).toJSON(),
  );

  router.post(
    '/refresh',
    {
      body: RefreshRequest,
      maxBodySize,
      response: TokenResponse,
      summary: 'New tokens for a refresh token',
      description: 'A refresh token works once. If an older one comes back, the session ends.',
    },
    async ({ ctx, body }) => (await sessions.refresh(body.refresh_token, clientOf(ctx))).toJSON(),
  );

  router.get('/me', { auth: { proof: 'any' }, response: UserResponse, summary: 'Current user' }, async ({ user }) => {
    const { id, email, role } = user;
    return toResponse((await userStore.getById(id)) ?? { id, username: email, email, role });
  });

  router.post(
    '/change-password',
    {
      auth: { proof: 'session' },
      body: ChangePasswordRequest,
      maxBodySize,
      response: MessageResponse,
      summary: 'Change the password',
      description: 'Ends every other session of the user.',
    },
    async ({ ctx, body, user, auth: proof }) => {
      const passwords = { oldPassword: body.old_password, newPassword: body.new_password };
      await accounts.changePassword({ userId: user.id, sessionId: proof.sessionId }, passwords, clientOf(ctx));
      return { message: 'Password changed successfully' };
    },
  );

  router.post(
    '/logout',
    {
      auth: 'optional',
      body: LogoutRequest,
      maxBodySize,
      response: MessageResponse,
      summary: 'End the session',
      description:
        'Ends the session of the bearer token, and of `refresh_token` where one is given. Always answers 200.',
    },
    async ({ ctx, body }) => {
      await accounts.logout([bearerCredential(ctx.get('Authorization')), body?.refresh_token], clientOf(ctx));
      return { message: 'Logged out successfully' };
    },
  );

  router.declarations.push(...createSessionRoutes(sessions, prefix).declarations);
  const { secondFactor } = auth;
  if (secondFactor) {
    const routes = createSecondFactorRoutes({ accounts, secondFactor }, prefix, maxBodySize);
    router.declarations.push(...routes.declarations);
  }
  if (auth.recovery) {
    router.declarations.push(...createRecoveryRoutes(auth.recovery, prefix, maxBodySize).declarations);
  }
  return Object.assign(router, { auth });
}

function toResponse({ id, username, email, role }: Pick<AuthUser, 'id' | 'username' | 'email' | 'role'>) {
  return { id, username, email, role };
}
