import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { StripeStandIn } from 'app-kernel/testing';
import { OAuth2Server } from 'oauth2-mock-server';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/index.mjs';
import { checkMail } from '../../src/cli/doctor/check-mail.js';
import { checkOAuth } from '../../src/cli/doctor/check-oauth.js';
import { checkStripe } from '../../src/cli/doctor/check-stripe.js';
import { type KernelSettingsInput, kernelSettings } from '../../src/service/settings/settings.js';
import { startSmtpCatcher } from '../features/email/smtp-catcher.js';
import { withMailServer } from '../service/setup/mail-server.js';

const closers: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Takes connections, and says nothing. */
async function startSilence(): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('what the doctor says of Stripe', () => {
  const CANARY = 'sk_test_canary';

  async function startStripe(): Promise<StripeStandIn> {
    const stripe = await StripeStandIn.start();
    closers.push(() => stripe.close());
    return stripe;
  }

  const ask = (billing: KernelSettingsInput['billing']) => checkStripe(kernelSettings({ billing }));

  it('is nothing where nothing is sold', async () => {
    expect(await ask({})).toEqual([]);
  });

  it('takes one look with the key of the service, and writes nothing', async () => {
    const stripe = await startStripe();
    const { secretKey, webhookSecret, url: apiBase } = stripe;
    expect(await ask({ secretKey, webhookSecret, apiBase })).toMatchObject([
      { level: 'ok', message: `${new URL(apiBase).host} takes the key, for its test mode` },
      { level: 'ok', message: expect.stringContaining('webhook secret') },
    ]);
    expect(stripe.requests).toEqual(['GET /v1/products']);
  });

  it('warns where nobody can sign events', async () => {
    const { secretKey, url: apiBase } = await startStripe();
    const [, events] = await ask({ secretKey, apiBase });
    expect(events).toMatchObject({ level: 'warning', mend: expect.stringContaining('Set stripeWebhookSecret') });
  });

  it('tells a key that is refused from a Stripe that fails, is away, or does not answer, and never shows it', async () => {
    const stripe = await startStripe();
    const keyOf = async (apiBase: string, timeoutSeconds = 10) => {
      const found = await ask({ secretKey: CANARY, apiBase, timeoutSeconds });
      expect(JSON.stringify(found)).not.toContain(CANARY);
      return found[0];
    };
    expect(await keyOf(stripe.url)).toMatchObject({
      level: 'fault',
      message: expect.stringContaining('does not take the key'),
      mend: expect.stringContaining('Set stripeSecretKey'),
    });
    stripe.mode = 'fail';
    expect(await keyOf(stripe.url)).toMatchObject({ level: 'fault', message: expect.stringMatching(/answers 500$/) });
    stripe.mode = 'hang';
    expect(await keyOf(stripe.url, 0.2)).toMatchObject({
      level: 'fault',
      message: expect.stringContaining('cannot be reached (no answer in time)'),
    });
    expect(await keyOf(`http://127.0.0.1:${await freePort()}`)).toMatchObject({
      level: 'fault',
      message: expect.stringContaining('ECONNREFUSED'),
      mend: expect.stringContaining('firewall'),
    });
  });

  it('need not look where a key cannot be one: it is refused before, without being repeated', () => {
    for (const secretKey of [`${CANARY}\n`, `${CANARY} `, '']) {
      const make = () => kernelSettings({ billing: { secretKey } });
      expect(make).toThrow(/billing\.secretKey: is empty, or holds a space or a line end/);
      expect(make).not.toThrow(CANARY);
    }
  });
});

describe('what the doctor says of providers', () => {
  const CLIENT = { clientId: 'client', clientSecret: 'secret-canary' };
  const PUBLIC_URL = 'https://api.example';

  interface Answer {
    statusCode: number;
    body: Record<string, unknown>;
  }

  /** A provider that answers codes with `answer`, where one is given. */
  async function startProvider(answer?: Answer) {
    const server = new OAuth2Server();
    await server.issuer.keys.generate('RS256');
    await server.start(0, '127.0.0.1');
    closers.push(() => server.stop());
    const forms: unknown[] = [];
    server.service.on('beforeResponse', (response, request) => {
      forms.push((request as unknown as { body: unknown }).body);
      if (answer) Object.assign(response, answer);
    });
    const base = `http://127.0.0.1:${server.address().port}`;
    const urls = { authorize: `${base}/authorize`, token: `${base}/token`, userinfo: `${base}/userinfo` };
    return { urls, forms };
  }

  async function ask(oauth: KernelSettingsInput['oauth']) {
    const found = await checkOAuth(kernelSettings({ oauth: { publicUrl: PUBLIC_URL, ...oauth } }));
    expect(JSON.stringify(found)).not.toContain('canary');
    return found;
  }

  it('is nothing where none is named, or nobody can sign in', async () => {
    expect(await ask({})).toEqual([]);
    const settings = kernelSettings({ oauth: { google: CLIENT, publicUrl: PUBLIC_URL }, auth: { enabled: false } });
    expect(await checkOAuth(settings)).toEqual([]);
  });

  it.each([
    ['google', 400, 'invalid_grant'],
    ['github', 200, 'bad_verification_code'],
  ] as const)(
    'says of %s that it raised no objection to the client, and claims no more',
    async (name, statusCode, error) => {
      const { urls, forms } = await startProvider({ statusCode, body: { error } });
      const endpoints = { [name]: { ...urls, ...(name === 'github' && { emails: urls.userinfo }) } };
      expect(await ask({ [name]: CLIENT, endpoints })).toMatchObject([
        { level: 'ok', message: `its pages answer; people come back to ${PUBLIC_URL}/auth/oauth/${name}/callback` },
        { level: 'ok', message: expect.stringContaining('does not prove the secret') },
      ]);
      expect(forms).toMatchObject([
        {
          grant_type: 'authorization_code',
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          redirect_uri: `${PUBLIC_URL}/auth/oauth/${name}/callback`,
        },
      ]);
    },
  );

  it.each([
    ['a client that is refused', 401, 'invalid_client', 'fault', /does not take the client/, /Set oauthGoogle/],
    [
      'GitHub’s word for it',
      200,
      'incorrect_client_credentials',
      'fault',
      /does not take the client/,
      /OAUTH_PROVIDERS/,
    ],
    [
      'a callback that is not registered',
      400,
      'redirect_uri_mismatch',
      'fault',
      /google\/callback is not reg/,
      /publicUrl/,
    ],
    ['no token endpoint', 404, 'Not Found', 'fault', /answers 404/, /oauthEndpoints\.google\.token/],
    ['an endpoint that fails', 503, 'temporarily_unavailable', 'fault', /answers 503/, /again/],
    ['other words', 400, 'canary_of_some_provider', 'warning', /with 400, which says nothing/, /Sign in once/],
  ])('tells %s', async (_what, statusCode, error, level, message, mend) => {
    const { urls } = await startProvider({ statusCode, body: { error } });
    const [, client] = await ask({ google: CLIENT, endpoints: { google: urls } });
    expect(client).toMatchObject({ level, subject: 'oauth google' });
    expect(client?.message).toMatch(message);
    expect(client?.mend).toMatch(mend);
  });

  it('says that nothing can be said where any code is taken', async () => {
    const { urls } = await startProvider();
    const [, client] = await ask({ google: CLIENT, endpoints: { google: urls } });
    expect(client).toMatchObject({ level: 'warning', message: expect.stringContaining('takes a made-up code') });
  });

  it('names each page that is away, or is none', async () => {
    const { urls } = await startProvider({ statusCode: 400, body: { error: 'invalid_grant' } });
    const away = `http://127.0.0.1:${await freePort()}/userinfo`;
    const wrong = { ...urls, authorize: `${urls.authorize}/nowhere`, userinfo: away };
    expect(await ask({ google: CLIENT, endpoints: { google: wrong } })).toMatchObject([
      { level: 'fault', message: expect.stringMatching(/authorize endpoint .*nowhere answers 404$/) },
      { level: 'fault', message: expect.stringMatching(/userinfo endpoint .*ECONNREFUSED/) },
      { level: 'ok' },
    ]);
    const gone = { authorize: away, token: away, userinfo: away };
    const found = await ask({ google: CLIENT, endpoints: { google: gone } });
    expect(found.map(({ level }) => level)).toEqual(['fault', 'fault', 'fault']);
  });
});

describe('what the doctor says of a mail server', () => {
  const ask = async (email: KernelSettingsInput['email']) => {
    const [found] = await checkMail(kernelSettings({ email }), true);
    expect(JSON.stringify(found)).not.toContain('canary');
    return found;
  };
  const login = { user: 'ada', password: 'right-canary' };

  it('takes a login that is right, and faults one that is not; nothing is sent', async () => {
    const received = await withMailServer(
      async (_url, port) => {
        expect(await ask({ smtpUrl: `smtp://ada:right-canary@127.0.0.1:${port}` })).toMatchObject({
          level: 'ok',
          message: `127.0.0.1:${port} takes the login, without TLS`,
        });
        expect(await ask({ smtpUrl: `smtp://ada:wrong-canary@127.0.0.1:${port}` })).toMatchObject({
          level: 'fault',
          message: expect.stringContaining('refused the log-in (535)'),
          mend: expect.stringContaining('SMTP_PASSWORD'),
        });
      },
      { login },
    );
    expect(received).toEqual([]);
  });

  it('claims no login where none is named, and warns where none is offered', async () => {
    await withMailServer(async (url) => {
      expect(await ask({ smtpUrl: url() })).toMatchObject({
        level: 'ok',
        message: expect.stringContaining('no login is named'),
      });
    });
    await withMailServer(
      async (_url, port) => {
        expect(await ask({ smtpUrl: `smtp://ada:right-canary@127.0.0.1:${port}` })).toMatchObject({
          level: 'warning',
          message: expect.stringContaining('offers no login'),
        });
      },
      { disabledCommands: ['AUTH'] },
    );
  });

  it('trusts the certificates that sending trusts', async () => {
    const fixture = (name: string) =>
      readFileSync(new URL(`../features/email/fixtures/${name}`, import.meta.url), 'utf8');
    const certificate = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') };
    const catcher = await startSmtpCatcher({ ...certificate, secure: true });
    closers.push(() => catcher.close());
    expect(await ask({ smtpUrl: `smtps://localhost:${catcher.port}` })).toMatchObject({
      level: 'fault',
      message: expect.stringContaining('certificate'),
      mend: expect.stringContaining('the name in its certificate'),
    });
  });

  it('faults a server that is away, or that says nothing', { timeout: 15_000 }, async () => {
    for (const port of [await freePort(), await startSilence()])
      expect(await ask({ smtpUrl: `smtp://ada:canary@127.0.0.1:${port}` })).toMatchObject({
        level: 'fault',
        mend: expect.stringContaining('Set SMTP_HOST and SMTP_PORT'),
      });
  });
});
