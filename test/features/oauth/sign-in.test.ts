import { generate } from 'otplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People } from '../../setup/people.js';
import { Browser, startProvider, type TestProvider } from './provider.js';

let provider: TestProvider;
let world: People;
let browser: Browser;

beforeEach(async () => {
  provider = await startProvider();
  world = await openPeople(provider.options);
  browser = new Browser(world);
});

afterEach(async () => {
  await world.close();
  await provider.close();
});

/** Signs in through the provider and answers the tokens. */
async function tokens(name = 'google') {
  const page = await browser.signIn(name);
  const { status, body } = await world.send('POST', '/auth/oauth/token', { code: page.searchParams.get('code') });
  return { status, body, page };
}

for (const name of ['google', 'github']) {
  describe(`signing in with ${name}`, () => {
    it('makes an account the first time, and finds it again', async () => {
      const first = await tokens(name);
      expect(first.page.origin + first.page.pathname).toBe('https://app.example/signed-in');
      expect([first.status, first.body]).toMatchObject([200, { token_type: 'bearer', expires_in: 900 }]);
      const me = await world.send('GET', '/auth/me', undefined, first.body.access_token);
      expect(me.body).toMatchObject({ email: 'ada@example.com', role: 'user' });
      expect((await world.send('GET', '/workspaces', undefined, first.body.access_token)).body).toMatchObject([
        { name: "ada's Workspace", is_personal: true },
      ]);
      expect((await world.service.kernel.userStore.getById(me.body.id))?.emailVerifiedAt).toBeInstanceOf(Date);
      provider.user.email = 'moved@example.com';
      const second = await tokens(name);
      expect((await world.send('GET', '/auth/me', undefined, second.body.access_token)).body.id).toBe(me.body.id);
      const refreshed = await world.send('POST', '/auth/refresh', { refresh_token: second.body.refresh_token });
      expect(refreshed.status).toBe(200);
    });

    it('lists the account, and keeps no token of the provider', async () => {
      const { body } = await tokens(name);
      const listed = await world.send('GET', '/auth/oauth/accounts', undefined, body.access_token);
      expect(listed.body).toEqual([
        {
          id: expect.any(String),
          provider: name,
          provider_user_id: 'g-1',
          email: 'ada@example.com',
          name: 'Ada',
          picture: null,
          created_at: expect.stringMatching(/Z$/),
        },
      ]);
      const stored = JSON.stringify(await world.service.kernel.database.query('SELECT * FROM kernel_oauth_accounts'));
      expect(stored).not.toMatch(/token|eyJ/);
    });
  });
}

it('links an account of the same verified address', async () => {
  const ada = await world.join('ada');
  const { body } = await tokens();
  expect((await world.send('GET', '/auth/me', undefined, body.access_token)).body.id).toBe(ada.id);
});

it('goes to a page of the list, with what else is in its query', async () => {
  const page = await browser.signIn('google', `?redirect_uri=${encodeURIComponent('https://app.example/deep/er?a=1')}`);
  expect(page.href).toMatch(/^https:\/\/app\.example\/deep\/er\?a=1&code=[\w-]+$/);
});

it('tells the page when the person declined, or the provider failed', async () => {
  const url = new URL(await browser.start('google'));
  const declined = await browser.get(
    `/auth/oauth/google/callback?error=access_denied&state=${url.searchParams.get('state')}`,
  );
  expect(declined.headers.get('location')).toBe('https://app.example/signed-in?error=access_denied');
  const again = new URL(await browser.start('google'));
  const failed = await browser.get(`/auth/oauth/google/callback?code=wrong&state=${again.searchParams.get('state')}`);
  expect(failed.headers.get('location')).toBe('https://app.example/signed-in?error=provider_error');
});

it('answers 400 for a provider that is not configured', async () => {
  const { status, body } = await world.send('GET', '/auth/oauth/gitlab');
  expect([status, body.detail]).toEqual([400, 'Unknown OAuth provider: gitlab']);
});

describe('who has signed in', () => {
  it('adds a provider and removes it, but not the last way in', async () => {
    const bob = await world.join('bob');
    const link = await bob.send('POST', '/auth/oauth/github/link', {}, browser.headers);
    browser.keep(link);
    const back = await browser.get(await browser.approve(link.body.authorize_url));
    expect(back.headers.get('location')).toBe('https://app.example/signed-in?linked=github');
    expect((await bob.send('GET', '/auth/oauth/accounts')).body).toMatchObject([{ provider: 'github' }]);
    const { body } = await tokens('github');
    expect((await world.send('GET', '/auth/me', undefined, body.access_token)).body.id).toBe(bob.id);
    expect((await bob.send('DELETE', '/auth/oauth/github')).status).toBe(204);
    const gone = await bob.send('DELETE', '/auth/oauth/github');
    expect([gone.status, gone.body.detail]).toEqual([404, 'No github account linked']);

    const fresh = (await tokens('github')).body.access_token;
    const refused = await world.send('DELETE', '/auth/oauth/github', undefined, fresh);
    expect([refused.status, refused.body.detail]).toEqual([400, 'Cannot unlink last login method']);
  });

  it('cannot add an account that is somebody else’s', async () => {
    await tokens('google');
    const bob = await world.join('bob');
    const link = await bob.send('POST', '/auth/oauth/google/link', {}, browser.headers);
    const back = await browser.get(await browser.approve(link.body.authorize_url));
    expect(back.headers.get('location')).toBe('https://app.example/signed-in?error=already_linked');
    expect((await bob.send('GET', '/auth/oauth/accounts')).body).toEqual([]);
  });

  it('of two last ways in that are removed at once keeps one', async () => {
    const { body } = await tokens('google');
    const { access_token: token } = body;
    const link = await world.send('POST', '/auth/oauth/github/link', {}, token, browser.headers);
    await browser.get(await browser.approve(link.body.authorize_url));
    const answers = await Promise.all(
      ['google', 'github'].map((name) => world.send('DELETE', `/auth/oauth/${name}`, undefined, token)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
  });
});

it('asks for the second factor where the account has one, and the code still works after that', async () => {
  const first = (await tokens()).body.access_token;
  const { secret } = (await world.send('POST', '/auth/totp/setup', undefined, first)).body;
  const enabled = await world.send('POST', '/auth/totp/enable', { code: await generate({ secret }) }, first);
  const code = (await browser.signIn('google')).searchParams.get('code');
  const asked = await world.send('POST', '/auth/oauth/token', { code });
  expect([asked.status, asked.body.code]).toEqual([401, 'E_SECOND_FACTOR']);
  const totp_code = enabled.body.recovery_codes[0];
  expect((await world.send('POST', '/auth/oauth/token', { code, totp_code })).status).toBe(200);
  expect((await world.send('POST', '/auth/oauth/token', { code, totp_code })).status).toBe(401);
});
