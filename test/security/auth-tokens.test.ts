import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTH_BACKENDS, me, openTestAuth, refresh, SECRET, signUp, type TestAuth } from '../features/auth/harness.js';

const backend = AUTH_BACKENDS.find(({ name }) => name === 'redis (in memory)');
if (!backend) throw new Error('the in-memory backend is missing');

describe('tokens that must not open a route', () => {
  let test: TestAuth;
  let good: { access: string; refresh: string; userId: string };
  const claimsOf = (token: string) => jwt.decode(token) as JWTPayload;
  const key = new TextEncoder().encode(SECRET);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const secondsNow = () => Math.floor(test.clock.now() / 1000);

  beforeAll(async () => {
    test = await openTestAuth(backend);
    good = await signUp(test.app);
  });

  afterAll(() => test.close());

  it('the token they are made from does open it', async () => {
    expect(await me(test.app, good.access)).toBe(200);
    expect(await me(test.app, jwt.sign(claimsOf(good.access), SECRET))).toBe(200);
  });

  it.each(['none', 'None', 'NONE', 'nOnE'])('row 1: algorithm %s, with and without the signature', async (alg) => {
    const [, payload, signature] = good.access.split('.');
    const header = encode({ alg, typ: 'JWT' });
    expect(await me(test.app, `${header}.${payload}.`)).toBe(401);
    expect(await me(test.app, `${header}.${payload}`)).toBe(401);
    expect(await me(test.app, `${header}.${payload}.${signature}`)).toBe(401);
  });

  it.each(['HS384', 'HS512'] as const)('row 1: %s with the right secret', async (algorithm) => {
    expect(await me(test.app, jwt.sign(claimsOf(good.access), SECRET, { algorithm }))).toBe(401);
  });

  it('row 1: RS256 with a key of the attacker’s', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await me(test.app, jwt.sign(claimsOf(good.access), privateKey, { algorithm: 'RS256' }))).toBe(401);
  });

  it('row 1: a stripped or changed signature, and changed claims under the old one', async () => {
    const [header, payload, signature = ''] = good.access.split('.');
    const changed = encode({ ...claimsOf(good.access), role: 'admin' });
    expect(await me(test.app, `${header}.${payload}.`)).toBe(401);
    expect(await me(test.app, `${header}.${payload}.${signature.slice(0, -2)}`)).toBe(401);
    expect(await me(test.app, `${header}.${changed}.${signature}`)).toBe(401);
  });

  it('row 2: a key that the token brings along is not looked at', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = await exportJWK(publicKey);
    const mine = new TextEncoder().encode('the secret of the attacker, long enough');
    const claims = claimsOf(good.access);
    const headers = [
      { alg: 'RS256', jwk },
      { alg: 'RS256', jku: 'http://127.0.0.1:9/keys', kid: '1' },
      { alg: 'RS256', x5u: 'http://127.0.0.1:9/cert' },
    ];
    for (const header of headers) {
      expect(await me(test.app, await new SignJWT(claims).setProtectedHeader(header).sign(privateKey))).toBe(401);
    }
    for (const kid of [
      '/dev/null',
      '../../../../dev/null',
      "' UNION SELECT 'x",
      'the secret of the attacker, long enough',
    ]) {
      expect(await me(test.app, await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(mine))).toBe(
        401,
      );
    }
    const withKid = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: '/dev/null', jwk }).sign(key);
    expect(await me(test.app, withKid)).toBe(200);
  });

  it('row 3: a refresh token where an access token is asked for, and the other way round', async () => {
    expect(await me(test.app, good.refresh)).toBe(401);
    const answer = await test.app.send('POST', '/auth/change-password', {
      token: good.refresh,
      body: { old_password: 'x', new_password: 'nine loud herons' },
    });
    expect(answer.status).toBe(401);
    expect((await refresh(test.app, good.access)).status).toBe(401);
  });

  it('row 4: expired, not yet valid, endless, for another service, for none, by another issuer', async () => {
    const claims = claimsOf(good.access);
    const refused: object[] = [
      { ...claims, exp: secondsNow() - 60 },
      { ...claims, nbf: secondsNow() + 60 },
      { ...claims, exp: undefined },
      { ...claims, exp: String(claims.exp) },
      { ...claims, aud: 'another-service' },
      { ...claims, aud: undefined },
      { ...claims, iss: 'another-service' },
      { ...claims, iss: undefined },
    ];
    for (const change of refused) {
      expect(await me(test.app, await new SignJWT({ ...change }).setProtectedHeader({ alg: 'HS256' }).sign(key))).toBe(
        401,
      );
    }
    const longAgo = { ...claims, nbf: secondsNow() - 60 };
    expect(await me(test.app, await new SignJWT(longAgo).setProtectedHeader({ alg: 'HS256' }).sign(key))).toBe(200);
  });

  it('row 4: two services that share a secret do not take each other’s tokens', async () => {
    const shop = await openTestAuth(backend, { config: { tokenSecret: SECRET, issuer: 'shop' } });
    const { access } = await signUp(shop.app);
    expect(await me(shop.app, access)).toBe(200);
    expect(await me(test.app, access)).toBe(401);
    await shop.close();
  });
});
