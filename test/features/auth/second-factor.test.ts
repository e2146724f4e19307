import { generate } from 'otplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { KernelAuthTotp } from '../../../src/features/auth/index.js';
import { SecondFactor } from '../../../src/features/auth/second-factor/second-factor.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { AUTH_BACKENDS, openTestAuth, PASSWORD, signUp, type TestAuth } from './harness.js';

const STEP_MS = 30_000;

for (const backend of SQL_BACKENDS) {
  describe(`a second factor on ${backend.name}`, () => {
    let database: TestDatabase;
    let db: Database;
    let factor: SecondFactor;
    const clock = new FakeClock(Date.now());
    const codeOf = (secret: string) => generate({ secret, epoch: Math.floor(clock.now() / 1000) });
    let people = 0;
    let user = '';

    beforeEach(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: [KernelAuthTotp], dataDir: database.dataDir });
      await db.migrate();
      factor = new SecondFactor({ tokenSecret: 'a secret', issuer: 'my-api', db, clock });
      user = `user-${++people}`;
    });

    afterEach(async () => {
      await db.close();
      await database.drop();
    });

    const enabled = async () => {
      const { secret } = await factor.setup(user, 'ada@example.com');
      return { secret, codes: await factor.enable(user, await codeOf(secret)) };
    };

    it('counts once its first code was right', async () => {
      const { secret, uri } = await factor.setup(user, 'ada@example.com');
      expect(uri).toBe(`otpauth://totp/my-api:ada%40example.com?secret=${secret}&issuer=my-api`);
      expect(await factor.isEnabled(user)).toBe(false);
      expect(await factor.verify(user, await codeOf(secret))).toBe(false);
      await expect(factor.enable(user, 'abcdef')).rejects.toThrow('Invalid code');
      const codes = await factor.enable(user, await codeOf(secret));
      expect(codes).toHaveLength(10);
      expect(new Set(codes).size).toBe(10);
      expect(await factor.isEnabled(user)).toBe(true);
      await expect(factor.setup(user, 'x')).rejects.toThrow(/enabled already/);
      await expect(factor.enable(user, await codeOf(secret))).rejects.toThrow(/up first/);
    });

    it('takes a code once, and bears clocks that are half a minute off', async () => {
      const { secret } = await enabled();
      expect(await factor.verify(user, await codeOf(secret))).toBe(false); // enabling has used it
      clock.advance(STEP_MS);
      const code = await codeOf(secret);
      const tries = await Promise.all([1, 2, 3].map(() => factor.verify(user, code)));
      expect(tries.filter(Boolean)).toHaveLength(1);
      clock.advance(2 * STEP_MS);
      const late = await codeOf(secret);
      clock.advance(STEP_MS);
      expect(await factor.verify(user, `${late.slice(0, 3)} ${late.slice(3)}`)).toBe(true);
      const old = await codeOf(secret);
      clock.advance(3 * STEP_MS);
      expect(await factor.verify(user, old)).toBe(false);
    });

    it('has recovery codes that work once each', async () => {
      const { codes } = await enabled();
      const [first = '', second = ''] = codes;
      const tries = await Promise.all([1, 2, 3].map(() => factor.verify(user, first)));
      expect(tries.filter(Boolean)).toHaveLength(1);
      expect(await factor.verify(user, first)).toBe(false);
      expect(await factor.verify(user, second.toUpperCase().replace('-', ' '))).toBe(true);
      expect(await factor.verify(user, 'aaaaa-aaaaa')).toBe(false);
    });

    it('is unreadable in the database, and for another user or secret', async () => {
      const { secret, codes } = await enabled();
      const [row] = await db.query<{ sealed_secret: string }>('SELECT * FROM kernel_auth_totp');
      const dump = JSON.stringify(row);
      expect(dump).not.toContain(secret);
      for (const code of codes) expect(dump).not.toContain(code.replace('-', ''));
      expect(JSON.stringify(await KernelAuthTotp.findOne({ where: { userId: user }, db }))).not.toMatch(/sealed|hash/);
      await KernelAuthTotp.save(
        {
          userId: 'thief',
          sealedSecret: row?.sealed_secret ?? '',
          enabledAt: new Date(),
          lastStep: -1,
          recoveryHashes: [],
        },
        { db },
      );
      clock.advance(STEP_MS);
      expect(await factor.verify('thief', await codeOf(secret))).toBe(false);
      const other = new SecondFactor({ tokenSecret: 'another secret', issuer: 'my-api', db, clock });
      expect(await other.verify(user, await codeOf(secret))).toBe(false);
      expect(await other.verify(user, codes[0] ?? '')).toBe(true);
    });
  });
}

describe('signing in with a second factor', () => {
  const [backend] = AUTH_BACKENDS;
  let test: TestAuth;
  let access: string;
  let userId: string;
  let secret: string;
  let recovery: string[];
  const codeNow = () => generate({ secret, epoch: Math.floor(test.clock.now() / 1000) });
  const login = (totp_code?: string) =>
    test.app.send('POST', '/auth/login', { body: { username: 'ada@example.com', password: PASSWORD, totp_code } });

  beforeEach(async () => {
    if (!backend) throw new Error('the database is missing');
    test = await openTestAuth(backend);
    ({ access, userId } = await signUp(test.app, 'ada@example.com'));
    const setup = await test.app.send('POST', '/auth/totp/setup', { token: access });
    secret = setup.body.secret;
    const enabled = await test.app.send('POST', '/auth/totp/enable', {
      token: access,
      body: { code: await codeNow() },
    });
    recovery = enabled.body.recovery_codes;
    test.clock.advance(STEP_MS);
  });

  afterEach(() => test.close());

  it('asks for the code only after the right password', async () => {
    const missing = await login();
    expect([missing.status, missing.body.code, missing.body.detail]).toEqual([
      401,
      'E_SECOND_FACTOR',
      'Second factor required',
    ]);
    const wrong = await test.app.send('POST', '/auth/login', {
      body: { username: 'ada@example.com', password: 'wrong password', totp_code: await codeNow() },
    });
    expect([wrong.status, wrong.body.detail]).toEqual([401, 'Invalid credentials']);
    const code = await codeNow();
    expect((await login(code)).status).toBe(200);
    const replayed = await login(code);
    expect([replayed.status, replayed.body.detail]).toEqual([401, 'Invalid code']);
    expect((await login(recovery[0])).status).toBe(200);
    expect(test.events).toContainEqual(expect.objectContaining({ type: 'second_factor_failed', userId }));
  });

  it('bears few wrong codes, and then no right one either', async () => {
    for (let guess = 0; guess < 10; guess++) expect((await login(`00000${guess}`)).status).toBe(401);
    expect((await login(await codeNow())).status).toBe(429);
  });

  it('is disabled by a code and the password', async () => {
    const disable = (body: object) => test.app.send('POST', '/auth/totp/disable', { token: access, body });
    expect((await disable({ code: await codeNow() })).status).toBe(400);
    expect((await disable({ code: '000000', password: PASSWORD })).status).toBe(401);
    expect((await disable({ code: recovery[0], password: PASSWORD })).status).toBe(200);
    expect((await login()).status).toBe(200);
  });

  it('is taken away by an admin for who lost everything', async () => {
    expect(await test.auth.secondFactor?.remove(userId)).toBe(true);
    expect((await login()).status).toBe(200);
  });
});
