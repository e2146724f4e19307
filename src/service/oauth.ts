import type { Auth } from '../features/auth/index.js';
import {
  FlowStore,
  githubProvider,
  googleProvider,
  OAuth,
  OAuthAccountStore,
  type Provider,
} from '../features/oauth/index.js';
import type { Saas } from '../features/saas/index.js';
import type { BootOptions } from './boot.js';
import type { Engines } from './engines.js';
import type { KernelSettings } from './settings/settings.js';

/** Signing in with providers, and what remembers who is whom there. */
export interface OAuthParts {
  oauth: OAuth;
  accounts: OAuthAccountStore;
}

/** Whether there is a provider to sign in with. */
export function hasOAuth({ auth, features, oauth }: KernelSettings): boolean {
  const isOpen = auth.enabled && features.enableAuthRoutes && features.authMode === 'local';
  return isOpen && Boolean(oauth.google || oauth.github);
}

export function providersOf({ oauth: { google, github, endpoints } }: KernelSettings): Provider[] {
  return [
    ...(google ? [googleProvider({ ...google, endpoints: endpoints.google })] : []),
    ...(github ? [githubProvider({ ...github, endpoints: endpoints.github })] : []),
  ];
}

/** Of the routes. */
export function oauthPath({ features: { kernelPrefix, authPrefix } }: KernelSettings): string {
  return `${kernelPrefix}${authPrefix}/oauth`;
}

export function buildOAuth(
  { settings, kernel, logger }: BootOptions,
  { redis, database }: Engines,
  { auth, saas }: { auth: Auth; saas: Saas | undefined },
): OAuthParts | undefined {
  const { publicUrl, redirectUrls } = settings.oauth;
  if (!database || !hasOAuth(settings) || publicUrl === null) return undefined;
  const accounts = new OAuthAccountStore({ db: database });
  const oauth = new OAuth({
    providers: providersOf(settings),
    accounts,
    flows: new FlowStore(redis.client, redis.key('oauth:')),
    users: kernel.userStore,
    assertSecondFactor: (userId, code, client) => auth.accounts.assertSecondFactor(userId, code, client),
    issueTokens: (user, client) => auth.sessions.start(user, client),
    allowSelfSignup: settings.features.allowSelfSignup,
    publicUrl,
    path: oauthPath(settings),
    redirectUrls,
    onSignup: async (user) => void (await saas?.workspaces.ensurePersonal(user)),
    logger,
  });
  return { oauth, accounts };
}
