import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Browser, startProvider, type TestProvider } from '../features/oauth/provider.js';
import { openPeople, type People } from '../setup/people.js';

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

const redeem = (code: string | null, more: object = {}) => world.send('POST', '/auth/oauth/token', { code, ...more });

it('a squatter’s account is not linked; the owner of the address takes it by mail, and the squatter is out', async () => {
  const squatter = await world.join('ada', { isVerified: false });
  const refused = await browser.signIn('google');
  expect(refused.search).toBe('?error=account_exists');
  Object.assign(provider.user, { sub: 'attacker', email: 'eve@example.com' });
  const link = await squatter.send('POST', '/auth/oauth/github/link', {}, browser.headers);
  await browser.get(await browser.approve(link.body.authorize_url));
  Object.assign(provider.user, { sub: 'g-1', email: 'ada@example.com' });

  await world.send('POST', '/auth/forgot-password', { email: 'ada@example.com' });
  const mail = () => world.mails().find(({ subject }) => subject === 'Set a new password');
  await expect.poll(mail).toBeDefined();
  const token = /Your code: (\S+)/.exec(mail()?.text ?? '')?.[1];
  await world.send('POST', '/auth/reset-password', { token, password: 'nine loud herons' });

  expect((await squatter.send('GET', '/auth/me')).status).toBe(401);
  expect(await world.service.kernel.userStore.getById(squatter.id)).not.toBeNull();
  const rows = await world.service.kernel.database.query('SELECT provider FROM kernel_oauth_accounts');
  expect(rows).toEqual([]);
  const page = await browser.signIn('google');
  const { body } = await redeem(page.searchParams.get('code'));
  expect((await world.send('GET', '/auth/me', undefined, body.access_token)).body.id).toBe(squatter.id);
});

it('an address that the provider is not sure of opens and makes no account', async () => {
  const ada = await world.join('ada');
  provider.user.email_verified = false;
  for (const name of ['google', 'github']) {
    expect((await browser.signIn(name)).search, name).toBe('?error=email_unverified');
  }
  provider.user.email = 'new@example.com';
  expect((await browser.signIn('google')).search).toBe('?error=email_unverified');
  expect(await world.service.kernel.userStore.getByUsername('new@example.com')).toBeNull();
  expect((await ada.send('GET', '/auth/oauth/accounts')).body).toEqual([]);
});

it('a state works once, in one browser, for one provider', async () => {
  const callback = await browser.approve(await browser.start('google'));
  const other = new Browser(world);
  await other.start('google');
  const stolen = await other.get(callback);
  expect([stolen.status, stolen.body.detail]).toEqual([400, 'Invalid OAuth state']);
  expect((await browser.get(callback)).status).toBe(400); // whoever tried it has used it up

  const second = await browser.approve(await browser.start('google'));
  expect((await browser.get(second.replace('/google/', '/github/'))).status).toBe(400);
  const third = await browser.approve(await browser.start('google'));
  expect((await browser.get(third)).status).toBe(307);
  expect((await browser.get(third)).status).toBe(400);
  expect((await world.send('GET', third)).status).toBe(400);
  expect((await browser.get('/auth/oauth/google/callback?code=x')).status).toBe(400);
});

it('linking ends in the account that asked for it, whoever is lured into finishing', async () => {
  const eve = await world.join('eve');
  const link = await eve.send('POST', '/auth/oauth/google/link', {});
  const victim = new Browser(world);
  await victim.start('google');
  expect((await victim.get(await victim.approve(link.body.authorize_url))).status).toBe(400);
  expect((await eve.send('GET', '/auth/oauth/accounts')).body).toEqual([]);
});

it('the provider gets an S256 challenge and then its verifier', async () => {
  const url = new URL(await browser.start('google'));
  const challenge = url.searchParams.get('code_challenge');
  expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  await browser.get(await browser.approve(url.href));
  const verifier = provider.exchanges.at(-1)?.code_verifier ?? '';
  expect(createHash('sha256').update(verifier).digest('base64url')).toBe(challenge);
  expect(url.href).not.toContain(verifier);
});

it('the callback comes from the configuration, and only listed pages are gone to', async () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
  const start = await world.send('GET', '/auth/oauth/google', undefined, undefined, headers);
  const url = new URL(start.headers.get('location') ?? '');
  expect(url.searchParams.get('redirect_uri')).toBe('https://api.example/api/v1/auth/oauth/google/callback');
  const hostile = [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'javascript:alert(1)',
    'https://app.example.evil.example/signed-in',
    'https://app.example@evil.example/',
    'https://app.example/signed-in/../other',
    'https://app.example:444/signed-in',
    '/\t/evil.example',
  ];
  for (const page of hostile) {
    const answer = await world.send('GET', `/auth/oauth/google?redirect_uri=${encodeURIComponent(page)}`);
    expect([answer.status, answer.body.detail], page).toEqual([400, 'redirect_uri is not allowed']);
  }
  expect((await world.send('GET', '/auth/oauth/google?redirect_uri=/home')).status).toBe(307);
});

it('no token is in any address; the code works once, and only with the page’s verifier where it gave a challenge', async () => {
  const verifier = 'v'.repeat(43);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const page = await browser.signIn('google', `?code_challenge=${challenge}`);
  expect(page.href).not.toContain('eyJ');
  const code = page.searchParams.get('code');
  expect((await redeem(code, { code_verifier: 'x'.repeat(43) })).status).toBe(401);
  expect((await redeem(code, { code_verifier: verifier })).status).toBe(401); // used up
  const second = (await browser.signIn('google', `?code_challenge=${challenge}`)).searchParams.get('code');
  const answers = await Promise.all([1, 2, 3].map(() => redeem(second, { code_verifier: verifier })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
});

it('an ID token of another issuer, client, person or sign-in is refused', async () => {
  const wrong = [
    { iss: 'https://evil.example' },
    { aud: 'another-client' },
    { sub: 'somebody' },
    { nonce: 'old' },
    { exp: 1 },
  ];
  for (const claims of wrong) {
    provider.claims = claims;
    expect((await browser.signIn('google')).search, JSON.stringify(claims)).toBe('?error=provider_error');
  }
  provider.claims = {};
  expect((await browser.signIn('google')).searchParams.get('code')).not.toBeNull();
});

it('who is disabled, or may not register, does not get in by a provider', async () => {
  const { kernel } = world.service;
  const page = await browser.signIn('google');
  const { body } = await redeem(page.searchParams.get('code'));
  const { id } = (await world.send('GET', '/auth/me', undefined, body.access_token)).body;
  const late = (await browser.signIn('google')).searchParams.get('code');
  await kernel.auth.accounts.setActive(id, false);
  expect((await redeem(late)).status).toBe(401);
  expect((await browser.signIn('google')).search).toBe('?error=account_disabled');
  const closed = await openPeople({ ...provider.options, allowSelfSignup: false });
  expect((await new Browser(closed).signIn('google')).search).toBe('?error=signup_disabled');
  await closed.close();
});

it('the cookie is bound to the host, out of reach of scripts, and no session', async () => {
  const { headers } = await world.send('GET', '/auth/oauth/google');
  const cookie = headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^__Host-oauth=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
});
