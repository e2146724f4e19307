import { createHash } from 'node:crypto';
import { ConflictError, isKernelError } from '../../base/errors.js';
import { randomToken } from '../../base/ids.js';
import type { Logger } from '../../base/ports.js';
import { AuthError, BadRequestError } from '../../http/errors.js';
import {
  type AuthUser,
  type Client,
  canonicalName,
  type IssuedTokens,
  isEmail,
  type UserStore,
} from '../auth/index.js';
import type { OAuthAccountStore } from './account-store.js';
import type { FlowStore, PendingFlow } from './flow/flow-store.js';
import { fetchProfile } from './flow/provider-client.js';
import { authorizationUrl, callbackUrl } from './flow/provider-request.js';
import type { OAuthProfile, Provider } from './flow/providers.js';
import { Redirects, withParameter } from './flow/redirects.js';

export interface OAuthOptions {
  providers: readonly Provider[];
  accounts: OAuthAccountStore;
  flows: FlowStore;
  users: UserStore;
  /** Throws where the account asks for a second factor, and the code is not good. */
  assertSecondFactor(userId: string, code: string | undefined, client: Client): Promise<void>;
  /** Opens a session. */
  issueTokens(user: AuthUser, client: Client): Promise<IssuedTokens>;
  allowSelfSignup: boolean;
  /** Where this service is reached; the callback is below it, never below the host that a request names. */
  publicUrl: string;
  /** Path of the routes, `/api/v1/auth/oauth`. */
  path: string;
  /** Pages that people may be sent to afterwards. */
  redirectUrls: readonly string[];
  onSignup?(user: AuthUser): Promise<void> | void;
  logger: Logger;
}

/** Why a sign-in came to nothing, as the page is told. */
type Refusal =
  | 'access_denied'
  | 'provider_error'
  | 'email_unverified'
  | 'account_exists'
  | 'account_disabled'
  | 'signup_disabled'
  | 'already_linked';

export interface StartOptions {
  redirectUri?: string | undefined;
  /** The secret that the browser holds in its cookie. */
  browser: string;
  linkTo?: string;
  challenge?: string | undefined;
}

export interface Redemption {
  code: string;
  /** Of the challenge that the page began with. */
  verifier: string | undefined;
  totpCode: string | undefined;
  client: Client;
}

/** Signing in with Google and GitHub: authorization code with PKCE and a state of one browser. */
export class OAuth {
  readonly #options: OAuthOptions;
  readonly #redirects: Redirects;

  constructor(options: OAuthOptions) {
    this.#options = options;
    this.#redirects = new Redirects(options.publicUrl, options.redirectUrls);
  }

  /** The page of the provider to go to. @throws BadRequestError for an unknown provider, or a page that is not listed. */
  async start(name: string, { redirectUri, browser, linkTo, challenge }: StartOptions): Promise<string> {
    const provider = this.#provider(name);
    const [verifier, nonce] = [randomToken(), randomToken()];
    const flow: PendingFlow = {
      provider: name,
      browser: hashOf(browser),
      verifier,
      nonce,
      redirectUri: this.#redirects.check(redirectUri),
      linkTo: linkTo ?? null,
      challenge: challenge ?? null,
    };
    const state = await this.#options.flows.begin(flow);
    return authorizationUrl(provider, {
      callbackUrl: this.#callbackUrl(name),
      state,
      nonce,
      challenge: hashOf(verifier),
    });
  }

  /**
   * The page to go to when the provider sends the browser back: with `?code=` for signing in, `?linked=` after linking, else
   * with `?error=`.
   * @throws BadRequestError when the state is unknown, used, too old, or another browser's.
   */
  async finish(name: string, query: { code?: string; state?: string; error?: string }, browser: string | undefined) {
    const flow = query.state ? await this.#options.flows.resume(query.state) : null;
    if (!flow || flow.provider !== name || !browser || flow.browser !== hashOf(browser)) {
      throw new BadRequestError('Invalid OAuth state');
    }
    const refuse = (reason: Refusal): string => withParameter(flow.redirectUri, 'error', reason);
    if (!query.code) return refuse(query.error === 'access_denied' ? 'access_denied' : 'provider_error');
    const profile = await this.#profile(this.#provider(name), flow, query.code);
    if (!profile) return refuse('provider_error');
    if (flow.linkTo !== null) {
      const isLinked = await this.#link(flow.linkTo, name, profile);
      return isLinked ? withParameter(flow.redirectUri, 'linked', name) : refuse('already_linked');
    }
    const user = await this.#resolve(name, profile);
    if (typeof user === 'string') return refuse(user);
    const code = await this.#options.flows.issueCode({ userId: user.id, challenge: flow.challenge });
    return withParameter(flow.redirectUri, 'code', code);
  }

  /**
   * Tokens for the one-time code.
   * @throws AuthError when it is unknown, used or too old; KernelError `E_SECOND_FACTOR`, after which it still works.
   */
  async redeem({ code, verifier, totpCode, client }: Redemption): Promise<IssuedTokens> {
    const { flows, assertSecondFactor, issueTokens } = this.#options;
    const ticket = await flows.redeem(code);
    const isRight = ticket && (ticket.challenge === null || (verifier && hashOf(verifier) === ticket.challenge));
    const user = isRight ? await this.#options.users.getById(ticket.userId) : null;
    if (!user?.isActive) throw new AuthError('Invalid or expired code');
    try {
      await assertSecondFactor(user.id, totpCode, client);
    } catch (error) {
      if (ticket) await flows.restoreCode(code, ticket);
      throw error;
    }
    return issueTokens(user, client);
  }

  async #profile(provider: Provider, flow: PendingFlow, code: string): Promise<OAuthProfile | null> {
    const { verifier, nonce } = flow;
    try {
      return await fetchProfile(provider, { code, verifier, nonce, callbackUrl: this.#callbackUrl(provider.name) });
    } catch (error) {
      if (!isKernelError(error)) throw error;
      this.#options.logger.warn({ err: error, provider: provider.name }, 'A sign-in with a provider failed');
      return null;
    }
  }

  async #link(userId: string, provider: string, profile: OAuthProfile): Promise<boolean> {
    const { accounts, users } = this.#options;
    const user = await users.getById(userId);
    if (!user?.isActive || !(await accounts.link(userId, provider, profile))) return false;
    if (profile.isEmailVerified && profile.email) await users.markEmailVerified?.(userId, profile.email);
    return true;
  }

  /**
   * Whose account it is. An address opens an account only when both sides are sure of it: the provider, and this service.
   * Who finds an account of their address that nobody has verified (a squatter's, perhaps) takes it by resetting its password.
   */
  async #resolve(provider: string, profile: OAuthProfile): Promise<AuthUser | Refusal> {
    const { accounts, users } = this.#options;
    const known = await accounts.find(provider, profile.id);
    if (known) {
      const user = await users.getById(known.userId);
      return user?.isActive ? user : 'account_disabled';
    }
    if (!profile.isEmailVerified || !profile.email || !isEmail(canonicalName(profile.email))) return 'email_unverified';
    const local = await users.getByUsername(profile.email);
    if (!local) return this.#signUp(provider, profile, profile.email);
    if (!local.isActive) return 'account_disabled';
    if (!local.emailVerifiedAt || canonicalName(local.email ?? '') !== canonicalName(profile.email))
      return 'account_exists';
    return (await accounts.link(local.id, provider, profile)) ? local : 'account_exists';
  }

  async #signUp(provider: string, profile: OAuthProfile, email: string): Promise<AuthUser | Refusal> {
    const { accounts, users, allowSelfSignup, onSignup } = this.#options;
    if (!allowSelfSignup) return 'signup_disabled';
    let user: AuthUser;
    try {
      user = await users.create({ username: email, email });
    } catch (error) {
      if (error instanceof ConflictError) return 'account_exists'; // somebody was faster
      throw error;
    }
    await users.markEmailVerified?.(user.id, email);
    if (!(await accounts.link(user.id, provider, profile))) return 'already_linked';
    await onSignup?.(user);
    return user;
  }

  #provider(name: string): Provider {
    const provider = this.#options.providers.find((candidate) => candidate.name === name);
    if (provider) return provider;
    throw new BadRequestError(`Unknown OAuth provider: ${name.slice(0, 40)}`);
  }

  #callbackUrl(name: string): string {
    return callbackUrl(this.#options, name);
  }
}

/** Also what PKCE calls S256. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
