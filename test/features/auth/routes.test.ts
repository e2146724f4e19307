import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeToken, type NewUser } from '../../../src/features/auth/index.js';
import { AUTH_BACKENDS, me, openTestAuth, PASSWORD, SECRET, signIn, signUp, type TestAuth } from './harness.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

for (const backend of AUTH_BACKENDS) {
  describe(`the auth routes (${backend.name})`, () => {
    let test: TestAuth;
    const send = (method: string, path: string, body?: unknown, token?: string) =>
      test.app.send(method, path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });

    beforeEach(async () => {
      test = await openTestAuth(backend);
    });

    afterEach(() => test.close());

    describe('POST /auth/register', () => {
      it('answers 201 with the user and no tokens', async () => {
        const { status, body } = await send('POST', '/auth/register', {
          username: 'ada@example.com',
          email: 'ada@example.com',
          password: PASSWORD,
          company: 'unknown fields are ignored',
        });
        expect(status).toBe(201);
        expect(body).toEqual({
          id: expect.stringMatching(UUID),
          username: 'ada@example.com',
          email: 'ada@example.com',
          role: 'user',
        });
      });

      it('answers 409 for an address that is taken', async () => {
        await signUp(test.app, 'ada@example.com');
        const { status, body } = await send('POST', '/auth/register', {
          username: 'ada@example.com',
          email: 'ada@example.com',
          password: PASSWORD,
        });
        expect([status, body.detail]).toEqual([409, "Email 'ada@example.com' already exists"]);
      });

      it('takes a user without an address, who signs in by name', async () => {
        const { status, body } = await send('POST', '/auth/register', { username: 'grace', password: PASSWORD });
        expect([status, body.username, body.email]).toEqual([201, 'grace', null]);
        const { access } = await signIn(test.app, 'Grace');
        expect((await send('GET', '/auth/me', undefined, access)).body).toEqual(body);
      });

      it('takes an address of 254 characters', async () => {
        const address = `${'a'.repeat(241)}@example.com`.padStart(254, 'b');
        expect((await send('POST', '/auth/register', { username: address, password: PASSWORD })).status).toBe(201);
        expect((await send('POST', '/auth/login', { username: address, password: PASSWORD })).status).toBe(200);
      });

      it('names every faulty field at once, and echoes none', async () => {
        const { status, body } = await send('POST', '/auth/register', {
          username: 'x',
          email: 'no address',
          password: 'short',
        });
        expect(status).toBe(422);
        expect(body.errors.map((issue: { loc: string[] }) => issue.loc.join('.')).sort()).toEqual([
          'body.email',
          'body.password',
          'body.username',
        ]);
        expect(JSON.stringify(body)).not.toMatch(/no address|"short"/);
      });

      it.each([
        ['a missing password', { username: 'ada@example.com' }, 'body.password'],
        ['a common password', { username: 'ada@example.com', password: 'letmein1' }, 'body.password'],
        ['a number for a password', { username: 'ada@example.com', password: 12345678 }, 'body.password'],
        [
          'somebody’s address as a name',
          { username: 'ada@example.com', email: 'b@example.com', password: PASSWORD },
          'body.username',
        ],
        ['a name with an @ that is no address', { username: 'ada@', password: PASSWORD }, 'body.username'],
        [
          'a name that grows beyond 254 characters',
          { username: '\uFDFA'.repeat(20), password: PASSWORD },
          'body.username',
        ],
        ['an invisible character', { username: 'ada@exa\u200bmple.com', password: PASSWORD }, 'body.username'],
        ['a control character', { username: 'ada\u0007lovelace', password: PASSWORD }, 'body.username'],
        [
          'an address with a line break',
          { username: 'ada', email: 'a@b.c\nBcc: d@e.f', password: PASSWORD },
          'body.email',
        ],
      ])('refuses %s', async (_, given, where) => {
        const { status, body } = await send('POST', '/auth/register', given);
        expect(status).toBe(422);
        expect(body.errors.map((issue: { loc: string[] }) => issue.loc.join('.'))).toContain(where);
      });
    });

    describe('POST /auth/login', () => {
      it('answers tokens, in any case of the address', async () => {
        await signUp(test.app, 'ada@example.com');
        const { status, body } = await send('POST', '/auth/login', {
          username: ' ADA@Example.com',
          password: PASSWORD,
        });
        expect(status).toBe(200);
        expect(body).toEqual({
          access_token: expect.any(String),
          refresh_token: expect.any(String),
          token_type: 'bearer',
          expires_in: 900,
        });
        expect(decodeToken(body.access_token, { secret: SECRET, clock: test.clock }).email).toBe('ada@example.com');
      });

      it('answers 401 for a wrong password and for an unknown user', async () => {
        await signUp(test.app, 'ada@example.com');
        for (const username of ['ada@example.com', 'nobody@example.com', '']) {
          const { status, body } = await send('POST', '/auth/login', {
            username: username || 'x',
            password: 'wrong password',
          });
          expect([status, body.detail]).toEqual([401, 'Invalid credentials']);
        }
      });

      it('refuses a body without username or password', async () => {
        expect((await send('POST', '/auth/login', {})).body.errors).toHaveLength(2);
      });

      it('stores a new hash for one of an older scheme', async () => {
        const user: NewUser = {
          username: 'old@example.com',
          email: 'old@example.com',
          passwordHash: `aabbccddeeff00112233445566778899$600000$sha512$${
            'f20d9e68262942f5f397fcce9ee1264036eb8d36262cf3dbd28d5ed575fd659a' +
            'b1a81d03adc866ba169b896da1d85cf040a14f4beb34d14baaf758ff7f00c989'
          }`,
        };
        const { id } = await test.userStore.create(user);
        await signIn(test.app, 'old@example.com', 'password123');
        expect((await test.userStore.getById(id))?.passwordHash).toMatch(/^bcrypt-sha384:/);
        await signIn(test.app, 'old@example.com', 'password123');
      });
    });

    describe('POST /auth/refresh', () => {
      it('answers 401 with the reason', async () => {
        const { access } = await signUp(test.app);
        const detail = async (token: string) =>
          (await send('POST', '/auth/refresh', { refresh_token: token })).body.detail;
        expect(await detail(access)).toBe('Expected refresh token');
        expect(await detail('nonsense')).toBe('Invalid token: jwt malformed');
      });
    });

    describe('GET /auth/me', () => {
      it('answers the user', async () => {
        const { access, userId } = await signUp(test.app, 'ada@example.com');
        const { status, body } = await send('GET', '/auth/me', undefined, access);
        expect([status, body]).toEqual([
          200,
          { id: userId, username: 'ada@example.com', email: 'ada@example.com', role: 'user' },
        ]);
      });

      it('answers 401 without a token, with WWW-Authenticate', async () => {
        const { status, headers, body } = await send('GET', '/auth/me');
        expect([status, body.detail]).toEqual([401, 'Not authenticated']);
        expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
      });
    });

    describe('POST /auth/change-password', () => {
      const change = { old_password: PASSWORD, new_password: 'nine loud herons' };

      it('sets the new password', async () => {
        const { access } = await signUp(test.app, 'ada@example.com');
        const { status, body } = await send('POST', '/auth/change-password', change, access);
        expect([status, body]).toEqual([200, { message: 'Password changed successfully' }]);
        await signIn(test.app, 'ada@example.com', 'nine loud herons');
        expect((await send('POST', '/auth/login', { username: 'ada@example.com', password: PASSWORD })).status).toBe(
          401,
        );
        expect(await me(test.app, access)).toBe(200);
      });

      it('answers 400 for a wrong old password and 422 for a weak new one', async () => {
        const { access } = await signUp(test.app);
        const wrong = await send('POST', '/auth/change-password', { ...change, old_password: 'wrong' }, access);
        expect([wrong.status, wrong.body.detail]).toEqual([400, 'Invalid current password']);
        const weak = await send('POST', '/auth/change-password', { ...change, new_password: 'password1' }, access);
        expect([weak.status, weak.body.errors[0].loc]).toEqual([422, ['body', 'new_password']]);
      });

      it('answers 401 to nobody', async () => {
        expect((await send('POST', '/auth/change-password', change)).status).toBe(401);
      });
    });

    describe('POST /auth/logout', () => {
      it.each([undefined, 'nonsense'])('always answers 200 (token: %s)', async (token) => {
        const { status, body } = await send('POST', '/auth/logout', undefined, token);
        expect([status, body]).toEqual([200, { message: 'Logged out successfully' }]);
      });
    });
  });
}

describe('options of the router', () => {
  const backend = AUTH_BACKENDS.find(({ name }) => name === 'redis (in memory)');
  if (!backend) throw new Error('the in-memory backend is missing');

  it('the prefix moves the routes', async () => {
    const test = await openTestAuth(backend, { prefix: '/identity' });
    expect((await test.app.send('GET', '/identity/me')).status).toBe(401);
    expect((await test.app.send('GET', '/auth/me')).status).toBe(404);
    await test.close();
  });

  it('without self sign-up nobody registers', async () => {
    const test = await openTestAuth(backend, { allowSelfSignup: false });
    const body = { username: 'ada@example.com', password: PASSWORD };
    const answer = await test.app.send('POST', '/auth/register', { body });
    expect([answer.status, answer.body.detail]).toEqual([403, 'Registration is disabled']);
    expect(await test.userStore.getByUsername('ada@example.com')).toBeNull();
    await test.close();
  });

  it('the lifetimes of the configuration are those of the tokens', async () => {
    const config = { tokenSecret: SECRET, accessTokenExpiresMinutes: 1440, refreshTokenExpiresDays: 7 };
    const test = await openTestAuth(backend, { config });
    const { access, refresh } = await signUp(test.app);
    const life = (token: string) => {
      const { exp, iat } = decodeToken(token, { secret: SECRET, clock: test.clock });
      return (Number(exp) - Number(iat)) / 60_000;
    };
    expect([life(access), life(refresh)]).toEqual([1440, 7 * 1440]);
    await test.close();
  });

  it('events tell what happened, without secrets; a hook that throws disturbs nothing', async () => {
    const test = await openTestAuth(backend);
    const { access, refresh } = await signUp(test.app, 'ada@example.com');
    await test.app.send('POST', '/auth/login', { body: { username: 'ada@example.com', password: 'wrong password' } });
    await test.app.send('POST', '/auth/refresh', { body: { refresh_token: refresh } });
    await test.app.send('POST', '/auth/logout', { token: access });
    expect(test.events.map(({ type }) => type)).toEqual(['register', 'login', 'login_failed', 'refresh', 'logout']);
    expect(JSON.stringify(test.events)).not.toMatch(/wrong password|herons|eyJ/);
    await test.close();

    const onEvent = () => {
      throw new Error('the hook is broken');
    };
    const broken = await openTestAuth(backend, { onEvent });
    await signUp(broken.app);
    await broken.close();
  });

  it('the sign-up hook gets the user; its fault does not undo the registration', async () => {
    const greeted: string[] = [];
    const onSignup = async (user: { email: string | null }) => {
      greeted.push(String(user.email));
      throw new Error('no workspace today');
    };
    const test = await openTestAuth(backend, { onSignup });
    await signUp(test.app, 'ada@example.com');
    expect(greeted).toEqual(['ada@example.com']);
    await test.close();
  });
});
