import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withMailServer } from '../../service/setup/mail-server.js';
import { openPeople, type People, type Person } from '../../setup/people.js';

let world: People;
let ada: Person;

/** Tests that need the token of a mail wait for the mail. */
async function tokenIn(subject: string, to: string): Promise<string> {
  const find = () => world.mails().findLast((mail) => mail.subject === subject && mail.to[0]?.address === to);
  await expect.poll(find).toBeDefined();
  return /Your code: (\S+)/.exec(find()?.text ?? '')?.[1] ?? '';
}

const VERIFY = 'Confirm your e-mail address';
const RESET = 'Set a new password';
const NEW_PASSWORD = 'nine loud herons';

beforeEach(async () => {
  world = await openPeople();
  ada = await world.join('ada', { isVerified: false });
});

afterEach(() => world.close());

const verifiedAt = async () => (await world.service.kernel.userStore.getById(ada.id))?.emailVerifiedAt;
const signIn = async (password: string) =>
  (await world.send('POST', '/auth/login', { username: ada.email, password })).status;

describe('an address is verified', () => {
  it('by the token that registering mails, once', async () => {
    const token = await tokenIn(VERIFY, ada.email);
    expect(await verifiedAt()).toBeNull();
    const first = await world.send('POST', '/auth/verify-email', { token });
    expect([first.status, first.body]).toEqual([200, { message: 'E-mail address verified' }]);
    expect(await verifiedAt()).toBeInstanceOf(Date);
    const second = await world.send('POST', '/auth/verify-email', { token });
    expect([second.status, second.body.detail]).toEqual([400, 'Invalid or expired token']);
  });

  it('by a newer token, which ends the older one', async () => {
    const old = await tokenIn(VERIFY, ada.email);
    expect((await ada.send('POST', '/auth/verify-email/resend')).status).toBe(200);
    await expect.poll(() => world.mails().length).toBe(2);
    expect((await world.send('POST', '/auth/verify-email', { token: old })).status).toBe(400);
    expect((await world.send('POST', '/auth/verify-email', { token: await tokenIn(VERIFY, ada.email) })).status).toBe(
      200,
    );
  });

  it('for the address that the token was mailed to, and for no other', async () => {
    const token = await tokenIn(VERIFY, ada.email);
    await world.service.kernel.userStore.updateEmail?.(ada.id, 'countess@example.com');
    expect((await world.send('POST', '/auth/verify-email', { token })).status).toBe(400);
    expect(await verifiedAt()).toBeNull();
  });

  it('not again after the address has changed', async () => {
    const { userStore } = world.service.kernel;
    expect(await userStore.markEmailVerified?.(ada.id, 'ADA@example.com')).toBe(true);
    await userStore.updateEmail?.(ada.id, 'countess@example.com');
    expect(await verifiedAt()).toBeNull();
  });
});

describe('a forgotten password', () => {
  it('is replaced by the mailed token, once, and ends every session', async () => {
    const asked = await world.send('POST', '/auth/forgot-password', { email: 'ADA@Example.com' });
    expect([asked.status, asked.body.message]).toEqual([200, 'If an account has this address, a mail is on its way']);
    const token = await tokenIn(RESET, ada.email);
    expect((await world.send('POST', '/auth/reset-password', { token, password: 'password1' })).status).toBe(422);
    const done = await world.send('POST', '/auth/reset-password', { token, password: NEW_PASSWORD });
    expect([done.status, done.body]).toEqual([200, { message: 'Password changed successfully' }]);
    expect([await signIn(ada.password), await signIn(NEW_PASSWORD)]).toEqual([401, 200]);
    expect((await ada.send('GET', '/auth/me')).status).toBe(401);
    expect(await verifiedAt()).toBeInstanceOf(Date);
    expect((await world.send('POST', '/auth/reset-password', { token, password: 'ten sly herons' })).status).toBe(400);
  });

  it('of many who use a token at once is set by one', async () => {
    await world.send('POST', '/auth/forgot-password', { email: ada.email });
    const token = await tokenIn(RESET, ada.email);
    const passwords = ['nine loud herons', 'ten sly herons', 'six odd herons'];
    const answers = await Promise.all(
      passwords.map((password) => world.send('POST', '/auth/reset-password', { token, password })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  it('is none of a disabled account', async () => {
    await world.send('POST', '/auth/forgot-password', { email: ada.email });
    const token = await tokenIn(RESET, ada.email);
    await world.service.kernel.auth.accounts.setActive(ada.id, false);
    expect((await world.send('POST', '/auth/reset-password', { token, password: NEW_PASSWORD })).status).toBe(400);
    expect(await world.service.kernel.auth.accounts.setActive(ada.id, true)).toBe(true);
    expect([await signIn(ada.password), await signIn(NEW_PASSWORD)]).toEqual([200, 401]);
  });

  it('comes over a real mail server, with a link to the service’s page', async () => {
    const mails = await withMailServer(async (url) => {
      const features = { resetPasswordUrl: 'https://app.example/reset' };
      const other = await openPeople({ smtpUrl: url(), emailFrom: 'house@example.com', features });
      await other.join('eve');
      await other.send('POST', '/auth/forgot-password', { email: 'eve@example.com' });
      await other.close();
    });
    const text = mails
      .join('\n')
      .replace(/=\r?\n/g, '')
      .replaceAll('=3D', '=');
    expect(text).toContain('Subject: Set a new password');
    expect(text).toMatch(/https:\/\/app\.example\/reset\?token=[\w-]{43}/);
  });
});

describe('sessions', () => {
  it('are listed, and ended one by one or all at once', async () => {
    const other = await world.send('POST', '/auth/login', { username: ada.email, password: ada.password });
    const token = other.body.access_token;
    const { body } = await ada.send('GET', '/auth/sessions');
    expect(body).toHaveLength(2);
    expect(body.map((session: { is_current: boolean }) => session.is_current)).toEqual([false, true]);
    expect(body[0]).toEqual({
      id: expect.any(String),
      ip_address: expect.any(String),
      user_agent: expect.toBeOneOf([null, expect.any(String)]),
      created_at: expect.stringMatching(/Z$/),
      last_used_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
      is_current: false,
    });
    expect(Math.abs(Date.parse(body[0].created_at) - Date.now())).toBeLessThan(60_000);
    expect((await ada.send('DELETE', `/auth/sessions/${body[0].id}`)).status).toBe(204);
    expect((await world.send('GET', '/auth/me', undefined, token)).status).toBe(401);
    expect((await ada.send('GET', '/auth/me')).status).toBe(200);
    expect((await ada.send('DELETE', '/auth/sessions')).status).toBe(204);
    expect((await ada.send('GET', '/auth/me')).status).toBe(401);
  });

  it('of somebody else can be neither seen nor ended', async () => {
    const bob = await world.join('bob');
    const [session] = (await bob.send('GET', '/auth/sessions')).body;
    expect((await ada.send('DELETE', `/auth/sessions/${session.id}`)).status).toBe(404);
    expect((await bob.send('GET', '/auth/me')).status).toBe(200);
    expect(JSON.stringify((await ada.send('GET', '/auth/sessions')).body)).not.toContain(session.id);
  });
});
