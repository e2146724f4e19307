/** Where a provider is asked. */
export interface ProviderEndpoints {
  authorize: string;
  token: string;
  userinfo: string;
  /** Addresses with their state, of GitHub. Default `userinfo` + `/emails`. */
  emails?: string | undefined;
  /** Who must have issued ID tokens. */
  issuer?: string | undefined;
}

export interface OAuthClient {
  clientId: string;
  clientSecret: string;
}

/** What a provider says of somebody, in one form. */
export interface OAuthProfile {
  /** Unique at the provider, and never given to somebody else. */
  id: string;
  email: string | null;
  isEmailVerified: boolean;
  name: string | null;
  picture: string | null;
}

export type ProviderName = 'google' | 'github';

export interface Provider extends OAuthClient {
  name: ProviderName;
  endpoints: ProviderEndpoints;
  scopes: readonly string[];
  /** Further parameters of the authorization request. */
  parameters: Readonly<Record<string, string>>;
  /** Whether it sends an ID token that has to be looked at. */
  hasIdToken: boolean;
}

const GOOGLE: ProviderEndpoints = {
  authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  userinfo: 'https://www.googleapis.com/oauth2/v2/userinfo',
  issuer: 'https://accounts.google.com',
};
const GITHUB: ProviderEndpoints = {
  authorize: 'https://github.com/login/oauth/authorize',
  token: 'https://github.com/login/oauth/access_token',
  userinfo: 'https://api.github.com/user',
  emails: 'https://api.github.com/user/emails',
};

/** What is configured of a provider: its client, and where it is when it is not where everybody's is. */
export type ProviderConfig = OAuthClient & { endpoints?: Partial<ProviderEndpoints> | undefined };

export function googleProvider({ endpoints, ...client }: ProviderConfig): Provider {
  // Another token endpoint is another issuer; unless it is named, nobody can say which.
  const issuer = endpoints?.token === undefined ? GOOGLE.issuer : endpoints.issuer;
  return {
    ...client,
    name: 'google',
    endpoints: { ...GOOGLE, ...endpoints, issuer },
    scopes: ['openid', 'email', 'profile'],
    parameters: { prompt: 'select_account' },
    hasIdToken: true,
  };
}

export function githubProvider({ endpoints, ...client }: ProviderConfig): Provider {
  const userinfo = endpoints?.userinfo ?? GITHUB.userinfo;
  return {
    ...client,
    name: 'github',
    endpoints: { ...GITHUB, emails: `${userinfo}/emails`, ...endpoints },
    scopes: ['read:user', 'user:email'],
    parameters: {},
    hasIdToken: false,
  };
}
