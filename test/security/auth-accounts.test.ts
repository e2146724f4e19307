import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordHasher, type PasswordHasher } from '../../src/features/auth/index.js';
import { RateLimiter } from '../../src/reliability/limits/rate-limiter.js';
import { AUTH_BACKENDS, openTestAuth, PASSWORD, signIn, signUp, type TestAuth } from '../features/auth/harness.js';

/** Counts what a stopwatch would measure. */
function countingHasher(): PasswordHasher & { checks: Array<boolean>; hashes: number } {
  const real = createPasswordHasher({ cost: 4 });
  const counting = {
    checks: [] as boolean[],
    hashes: 0,
    hash(password: string) {
      counting.hashes += 1;
      return real.hash(password);
    },
    verify(password: string, stored: string | null | undefined) {
      counting.checks.push(typeof stored === 'string');
      return real.verify(password, stored);
    },
    needsRehash: real.needsRehash,
  };
  return counting;
}

for (const backend of AUTH_BACKENDS) {
  describe(`accounts (${backend.name})`, () => {
    let test: TestAuth;
    let hasher: ReturnType<typeof countingHasher>;
    const login = (username: string, password: string, ip?: string) =>
      test.app.send('POST', '/auth/login', { body: { username, password }, ...(ip !== undefined && { ip }) });
    const register = (body: object) => test.app.send('POST', '/auth/register', { body });

    beforeEach(async () => {
      hasher = countingHasher();
      test = await openTestAuth(backend, { hasher });
    });

    afterEach(() => test.close());

    it('row 11: unknown user, wrong password and disabled account get one answer for the same work', async () => {
      await signUp(test.app, 'known@example.com');
      const { userId } = await signUp(test.app, 'disabled@example.com');
      await test.userStore.setActive(userId, false);
      const attempts: Array<[string, string]> = [
        ['unknown@example.com', 'wrong password'],
        ['known@example.com', 'wrong password'],
        ['disabled@example.com', 'wrong password'],
        ['disabled@example.com', PASSWORD],
        ['unknown', 'wrong password'],
      ];
      const answers = [];
      for (const [username, password] of attempts) {
        hasher.checks.length = 0;
        hasher.hashes = 0;
        const { status, body, headers } = await login(username, password);
        const shape = [...headers.keys()].filter((name) => name !== 'x-request-id').sort();
        answers.push({
          status,
          shape,
          body: { ...body, request_id: '' },
          checks: hasher.checks.length,
          hashes: hasher.hashes,
        });
      }
      expect(answers[0]).toMatchObject({ status: 401, checks: 1, hashes: 0, body: { detail: 'Invalid credentials' } });
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    });

    it('row 11: the right password of a disabled account counts as a failure like any other', async () => {
      const { userId } = await signUp(test.app, 'disabled@example.com');
      await test.userStore.setActive(userId, false);
      const statuses = [];
      for (let tries = 0; tries < 11; tries++) statuses.push((await login('disabled@example.com', PASSWORD)).status);
      expect(statuses).toEqual([...new Array(10).fill(401), 429]);
    });

    it('row 12: of 1,000 guesses from 100 addresses few are even looked at, and the owner still gets in', async () => {
      await signUp(test.app, 'victim@example.com', '203.0.113.7');
      hasher.checks.length = 0;
      const guesses = Array.from({ length: 1000 }, (_, index) =>
        login('victim@example.com', `guess number ${index}`, `198.51.100.${index % 100}`),
      );
      const answers = await Promise.all(guesses);
      expect(hasher.checks.length).toBeLessThanOrEqual(30 + 3);
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThanOrEqual(1000 - 33);
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);

      expect((await login('victim@example.com', PASSWORD, '203.0.113.7')).status).toBe(200);
      expect((await login('victim@example.com', PASSWORD, '198.51.100.250')).status).toBe(429);
      expect((await login('somebody.else@example.com', PASSWORD, '198.51.100.250')).status).toBe(401);
    });

    it('row 12: an account that does not exist is refused after as many guesses as one that does', async () => {
      await signUp(test.app, 'known@example.com', '203.0.113.7');
      const until429 = async (username: string) => {
        for (let tries = 0; ; tries++)
          if ((await login(username, 'wrong', `198.51.100.${tries}`)).status === 429) return tries;
      };
      expect(await until429('known@example.com')).toBe(30);
      expect(await until429('unknown@example.com')).toBe(30);
    });

    it('row 12: the name and the address of an account share one budget', async () => {
      await register({ username: 'known', email: 'known@example.com', password: PASSWORD });
      const statuses = [];
      for (let tries = 0; tries < 32; tries++) {
        const name = tries % 2 === 0 ? 'known' : 'known@example.com';
        statuses.push((await login(name, 'wrong', `198.51.100.${tries}`)).status);
      }
      expect(statuses).toEqual([...new Array(30).fill(401), 429, 429]);
    });

    it('row 12: one address is stopped at one account, and over all accounts', async () => {
      await signUp(test.app, 'known@example.com', '198.51.100.1');
      const statuses = [];
      for (let tries = 0; tries < 11; tries++)
        statuses.push((await login('known@example.com', 'wrong', '198.51.100.1')).status);
      expect(statuses).toEqual([...new Array(10).fill(401), 429]);

      const spray = Array.from({ length: 150 }, (_, index) =>
        login(`person${index}@example.net`, 'wrong', '198.51.100.9'),
      );
      const looked = (await Promise.all(spray)).filter(({ status }) => status === 401).length;
      expect(looked).toBeLessThanOrEqual(103);
      expect(looked).toBeGreaterThanOrEqual(97);
    });

    it('row 12: getting in forgives the typing errors before it, and windows pass', async () => {
      await signUp(test.app, 'ada@example.com', '203.0.113.7');
      for (let round = 0; round < 3; round++) {
        for (let tries = 0; tries < 9; tries++) await login('ada@example.com', 'wrong', '203.0.113.7');
        expect((await login('ada@example.com', PASSWORD, '203.0.113.7')).status).toBe(200);
      }
      for (let tries = 0; tries < 10; tries++) await login('ada@example.com', 'wrong', '203.0.113.7');
      expect((await login('ada@example.com', PASSWORD, '203.0.113.7')).status).toBe(429);
      test.clock.advance(901_000);
      expect((await login('ada@example.com', PASSWORD, '203.0.113.7')).status).toBe(200);
    });

    it('row 12: a stolen access token does not help to guess the password', async () => {
      const { access } = await signUp(test.app);
      const statuses = [];
      for (let tries = 0; tries < 11; tries++) {
        const body = { old_password: `guess ${tries}`, new_password: 'nine loud herons' };
        statuses.push((await test.app.send('POST', '/auth/change-password', { token: access, body })).status);
      }
      expect(statuses).toEqual([...new Array(10).fill(400), 429]);
    });

    it('row 13: every byte of a password counts, end to end', async () => {
      const long = 'a'.repeat(72);
      await register({ username: 'long@example.com', password: `${long}X` });
      expect((await login('long@example.com', `${long}Y`)).status).toBe(401);
      expect((await login('long@example.com', long)).status).toBe(401);
      expect((await login('long@example.com', `${long}X`)).status).toBe(200);
    });

    it('row 13: 64 emoji are a password', async () => {
      const emoji = '🔒'.repeat(64);
      expect((await register({ username: 'emoji@example.com', password: emoji })).status).toBe(201);
      expect((await login('emoji@example.com', emoji)).status).toBe(200);
      expect((await login('emoji@example.com', '🔒'.repeat(63))).status).toBe(401);
    });

    it('row 14: short, long and common passwords are refused, and nothing else is asked for', async () => {
      const status = async (password: string, index: number) =>
        (await register({ username: `new${index}@example.com`, password })).status;
      const refused = [
        '1234567',
        'x'.repeat(257),
        'password',
        '12345678',
        'qwertyuiop',
        'letmein1',
        'Passw0rd!',
        'iloveyou',
      ];
      expect(await Promise.all(refused.map(status))).toEqual(refused.map(() => 422));
      const accepted = ['only small letters here', '73920186', 'ÄÖÜ ÄÖÜ ß', `${'long '.repeat(51)}x`];
      expect(await Promise.all(accepted.map((password, index) => status(password, 100 + index)))).toEqual(
        accepted.map(() => 201),
      );
    });

    it('row 15: registering ignores role, id and is_active', async () => {
      const { status, body } = await register({
        username: 'eve@example.com',
        password: PASSWORD,
        role: 'admin',
        id: 'chosen-by-me',
        is_active: false,
        isActive: false,
        password_hash: 'x',
        version: 7,
      });
      expect([status, body.role]).toEqual([201, 'user']);
      expect(body.id).not.toBe('chosen-by-me');
      const stored = await test.userStore.getById(body.id);
      expect(stored).toMatchObject({ role: 'user', isActive: true });
      await signIn(test.app, 'eve@example.com');
    });

    it('row 16: 50 parallel registrations of one address, in any spelling, make one account', async () => {
      const spellings = [
        'ada@example.com',
        'ADA@example.com',
        ' Ada@Example.COM ',
        'aDa@eXample.com',
        'ada@EXAMPLE.com',
      ];
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          register({ username: spellings[index % 5], email: spellings[index % 5], password: PASSWORD }),
        ),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
      for (const spelling of spellings) await signIn(test.app, spelling);
    });
  });
}

describe('row 12: without Redis', () => {
  const backend = AUTH_BACKENDS.find(({ name }) => name === 'redis (in memory)');
  if (!backend) throw new Error('the in-memory backend is missing');

  it('the throttle counts within the process instead of letting everyone pass', async () => {
    const away = new Proxy(Object.create(null), {
      get: (_, name) =>
        name === 'defineCommand' ? () => undefined : () => Promise.reject(new Error('connect ECONNREFUSED')),
    });
    const test = await openTestAuth(backend, { limiter: new RateLimiter(away) });
    await signUp(test.app, 'victim@example.com', '203.0.113.7');
    const statuses = [];
    for (let tries = 0; tries < 40; tries++) {
      const body = { username: 'victim@example.com', password: `guess ${tries}` };
      statuses.push((await test.app.send('POST', '/auth/login', { body, ip: `198.51.100.${tries}` })).status);
    }
    expect(statuses).toEqual([...new Array(30).fill(401), ...new Array(10).fill(429)]);
    await test.close();
  });
});
