import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { randomToken } from '../../base/ids.js';
import { BadRequestError, createRouter, type HttpContext, rateLimit, type TypedRouter } from '../../http/index.js';
import { clientOf, type UserStore } from '../auth/index.js';
import type { OAuthAccountStore } from './account-store.js';
import type { KernelOAuthAccount } from './entities.js';
import type { OAuth } from './oauth.js';

export interface OAuthRouterOptions {
  oauth: OAuth;
  accounts: OAuthAccountStore;
  users: Pick<UserStore, 'getById'>;
  /** Default `/auth/oauth`. */
  prefix?: string;
  /** Whether the service is reached over TLS; default true. Without it a browser refuses the safer cookie. */
  isSecure?: boolean;
}

/** Sign-ins that one caller may begin in a minute. */
const STARTS_PER_MINUTE = 20;

const Moment = z.string().meta({ format: 'date-time' });
const Challenge = z
  .string()
  .regex(/^[\w-]{43}$/, 'must be a PKCE S256 challenge')
  .optional();
const Start = z.object({ redirect_uri: z.string().max(2000).optional(), code_challenge: Challenge });
const Callback = z.object({
  code: z.string().max(4096).optional(),
  state: z.string().max(200).optional(),
  error: z.string().max(200).optional(),
});
const TokenResponse = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  expires_in: z.number().int(),
});
const AccountResponse = z.object({
  id: z.string(),
  provider: z.string(),
  provider_user_id: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  picture: z.string().nullable(),
  created_at: Moment,
});

/** Signing in with a provider, and the accounts of the caller at providers. */
export function createOAuthRouter(options: OAuthRouterOptions): TypedRouter {
  const { oauth, accounts, users, prefix = '/auth/oauth', isSecure = true } = options;
  const router: TypedRouter = createRouter({ prefix, tags: ['oauth'] });
  const cookie = browserCookie(isSecure);

  router.get(
    '/accounts',
    { auth: { proof: 'session' }, response: z.array(AccountResponse), summary: 'The caller’s accounts at providers' },
    async ({ user }) => (await accounts.listForUser(user.id)).map(toAccount),
  );

  router.post(
    '/token',
    {
      body: z.object({
        code: z.string().min(1).max(200),
        code_verifier: z.string().max(200).optional(),
        totp_code: z.string().max(64).optional(),
      }),
      response: TokenResponse,
      summary: 'Tokens for the one-time code of a sign-in',
    },
    async ({ ctx, body: { code, code_verifier: verifier, totp_code: totpCode } }) =>
      (await oauth.redeem({ code, verifier, totpCode, client: clientOf(ctx) })).toJSON(),
  );

  router.get(
    '/:provider',
    {
      query: Start,
      use: [rateLimit(STARTS_PER_MINUTE)],
      summary: 'Sign in with a provider',
      description:
        'Sends the browser to the provider, which sends it back to `redirect_uri` with `?code=` or `?error=`.',
    },
    async ({ ctx, params, query }) => {
      const browser = cookie.read(ctx) ?? randomToken();
      const { redirect_uri: redirectUri, code_challenge: challenge } = query;
      const url = await oauth.start(params.provider, { redirectUri, challenge, browser });
      cookie.write(ctx, browser);
      redirect(ctx, url);
    },
  );

  router.post(
    '/:provider/link',
    {
      auth: { proof: 'session' },
      body: z.object({ redirect_uri: z.string().max(2000).optional() }).optional(),
      response: z.object({ authorize_url: z.string() }),
      summary: 'Add a provider as a way to sign in',
      description: 'Send the browser to `authorize_url`; it comes back with `?linked=` or `?error=`.',
    },
    async ({ ctx, params, body, user }) => {
      const browser = cookie.read(ctx) ?? randomToken();
      const url = await oauth.start(params.provider, { redirectUri: body?.redirect_uri, browser, linkTo: user.id });
      cookie.write(ctx, browser);
      return { authorize_url: url };
    },
  );

  router.get(
    '/:provider/callback',
    { query: Callback, summary: 'Where the provider sends the browser back' },
    async ({ ctx, params, query }) => {
      redirect(ctx, await oauth.finish(params.provider, query, cookie.read(ctx)));
    },
  );

  router.delete(
    '/:provider',
    { auth: { proof: 'session' }, summary: 'Remove a provider as a way to sign in' },
    async ({ params, user }) => {
      const hasPassword = Boolean((await users.getById(user.id))?.passwordHash);
      const result = await accounts.unlink(user.id, params.provider, hasPassword);
      if (result === 'not linked') throw new NotFoundError(`No ${params.provider.slice(0, 40)} account linked`);
      if (result === 'last way in') throw new BadRequestError('Cannot unlink last login method');
    },
  );
  return router;
}

function redirect(ctx: HttpContext, url: string): void {
  ctx.status = 307;
  ctx.set('Location', url);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.body = '';
}

/** A secret that only this browser sends along: what ties a state to it. Lax, because the provider's redirect has to bring it. */
function browserCookie(isSecure: boolean) {
  const name = isSecure ? '__Host-oauth' : 'oauth';
  return {
    read(ctx: HttpContext): string | undefined {
      const value = ctx.cookies.get(name);
      return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
    },
    /** By hand: behind a proxy that ends TLS, Koa does not know that the connection is safe. */
    write(ctx: HttpContext, value: string): void {
      const secure = isSecure ? '; Secure' : '';
      ctx.append('Set-Cookie', `${name}=${value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax${secure}`);
    },
  };
}

function toAccount({ id, provider, providerUserId, email, name, picture, createdAt }: KernelOAuthAccount) {
  return {
    id,
    provider,
    provider_user_id: providerUserId,
    email: email ?? null,
    name: name ?? null,
    picture: picture ?? null,
    created_at: createdAt,
  };
}
