import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServiceOptions } from 'app-kernel';
import { OAuth2Server } from 'oauth2-mock-server';
import type { People, Reply } from '../../setup/people.js';

/** Who is signed in at the provider, in Google's words. */
export interface ProviderUser {
  sub: string;
  email: string;
  email_verified: boolean;
  name?: string;
}

export interface TestProvider {
  user: ProviderUser;
  /** What the token endpoint was sent, newest last. */
  readonly exchanges: Array<Record<string, string>>;
  /** Claims laid over those of the ID token. */
  claims: Record<string, unknown>;
  options: Partial<ServiceOptions>;
  close(): Promise<void>;
}

const PAGE = 'https://app.example/signed-in';

/** A real OAuth server that stands for Google, and with a list of addresses beside it for GitHub. */
export async function startProvider(): Promise<TestProvider> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  const base = `http://127.0.0.1:${server.address().port}`;
  const provider: TestProvider = {
    user: { sub: 'g-1', email: 'ada@example.com', email_verified: true, name: 'Ada' },
    exchanges: [],
    claims: {},
    options: {},
    close: async () => {
      await server.stop();
      await new Promise<void>((resolve) => {
        emails.close(() => resolve());
        emails.closeAllConnections();
      });
    },
  };
  server.service.on('beforeTokenSigning', (token, request) => {
    Object.assign(token.payload, { sub: provider.user.sub, ...provider.claims });
    provider.exchanges.push((request as unknown as { body: Record<string, string> }).body);
  });
  server.service.on('beforeUserinfo', (response) => {
    const { sub, email, name } = provider.user;
    response.body = { ...provider.user, id: sub, login: name, email };
  });
  const emails = await startEmails(provider);
  const urls = { authorize: `${base}/authorize`, token: `${base}/token`, userinfo: `${base}/userinfo` };
  const list = `http://127.0.0.1:${(emails.address() as AddressInfo).port}/`;
  provider.options = {
    oauthGoogle: ['google-client', 'google-secret'],
    oauthGithub: ['github-client', 'github-secret'],
    oauthEndpoints: { google: { ...urls, issuer: server.issuer.url ?? base }, github: { ...urls, emails: list } },
    publicUrl: 'https://api.example',
    oauthRedirectUrls: [PAGE, 'https://app.example/deep/'],
  };
  return provider;
}

async function startEmails(provider: TestProvider): Promise<Server> {
  const server = createServer((_request, response) => {
    const { email, email_verified: verified } = provider.user;
    response.setHeader('content-type', 'application/json');
    const other = { email: 'other@example.com', primary: false, verified: false };
    response.end(JSON.stringify([other, { email, primary: true, verified }]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A browser: it keeps the cookie of the service and follows the provider's redirects. */
export class Browser {
  #cookie = '';
  readonly #world: People;

  constructor(world: People) {
    this.#world = world;
  }

  /** A request of the browser below `/api/v1`; keeps what cookie comes back. */
  async get(path: string): Promise<Reply> {
    const reply = await this.#world.send('GET', path, undefined, undefined, this.headers);
    this.keep(reply);
    return reply;
  }

  get headers(): Record<string, string> {
    return this.#cookie ? { cookie: this.#cookie } : {};
  }

  keep({ headers }: Reply): void {
    const [pair] = headers.get('set-cookie')?.split(';') ?? [];
    if (pair) this.#cookie = pair;
  }

  /** Begins to sign in. @returns the address at the provider. */
  async start(provider: string, query = ''): Promise<string> {
    const reply = await this.get(`/auth/oauth/${provider}${query}`);
    if (reply.status !== 307) throw new Error(`start answered ${JSON.stringify(reply.body)}`);
    return reply.headers.get('location') ?? '';
  }

  /** Signs in at the provider. @returns the path and query of the callback that it sends the browser to. */
  async approve(authorizeUrl: string): Promise<string> {
    const response = await fetch(authorizeUrl, { redirect: 'manual' });
    const callback = new URL(response.headers.get('location') ?? '');
    return `${callback.pathname.replace('/api/v1', '')}${callback.search}`;
  }

  /** All of it. @returns the page that the browser ends at. */
  async signIn(provider: string, query = ''): Promise<URL> {
    const back = await this.get(await this.approve(await this.start(provider, query)));
    if (back.status !== 307) throw new Error(`callback answered ${JSON.stringify(back.body)}`);
    return new URL(back.headers.get('location') ?? '');
  }
}
