import { jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { Services } from '../../../src/base/services.js';
import {
  AUTH_CONFIG,
  authConfig,
  createAccessToken,
  createRefreshToken,
  decodeToken,
} from '../../../src/features/auth/tokens.js';

const secret = 'a secret of at least thirty-two characters';
const other = 'another secret of at least thirty-two chars';
const clock = new FakeClock();

describe('an access token', () => {
  it('carries who, what and until when', () => {
    const token = createAccessToken({
      userId: 'u1',
      role: 'admin',
      email: 'a@example.com',
      secret,
      expiresMinutes: 5,
      clock,
    });
    const payload = decodeToken(token, { secret, clock });
    expect(payload).toMatchObject({ sub: 'u1', userId: 'u1', role: 'admin', email: 'a@example.com', type: 'access' });
    expect([payload.isAdmin, payload.isRefreshToken]).toEqual([true, false]);
    expect(payload.iat).toEqual(new Date(clock.now()));
    expect(payload.exp).toEqual(new Date(clock.now() + 300_000));
    expect(payload.sessionId).toBeUndefined();
    expect(payload.extra).toEqual({});
  });

  it('has the defaults of the contract', () => {
    const payload = decodeToken(createAccessToken({ userId: 'u1', secret, clock }), { secret, clock });
    expect(payload).toMatchObject({ role: 'user', email: '', isAdmin: false });
    expect(payload.exp).toEqual(new Date(clock.now() + 15 * 60_000));
  });

  it('carries further claims, but none that are the kernel’s', () => {
    const token = createAccessToken({ userId: 'u1', secret, extraClaims: { tenant: 't1' }, clock });
    expect(decodeToken(token, { secret, clock }).extra).toEqual({ tenant: 't1' });
    expect(() => createAccessToken({ userId: 'u1', secret, extraClaims: { role: 'admin' } })).toThrow(/"role"/);
  });

  it('is verified by another library', async () => {
    const token = createAccessToken({ userId: 'u1', secret, issuer: 'my-api', audience: 'my-api' });
    const { payload, protectedHeader } = await jwtVerify(token, new TextEncoder().encode(secret), {
      issuer: 'my-api',
      audience: 'my-api',
    });
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toMatchObject({ sub: 'u1', type: 'access' });
  });

  it('needs a secret', () => {
    expect(() => createAccessToken({ userId: 'u1', secret: '' })).toThrow(/jwtSecret/);
  });
});

describe('a refresh token', () => {
  it('lives 30 days and names its kind, session and id', () => {
    const token = createRefreshToken({ userId: 'u1', secret, sessionId: 's1', tokenId: 't1', clock });
    const payload = decodeToken(token, { secret, clock });
    expect(payload).toMatchObject({ type: 'refresh', isRefreshToken: true, sessionId: 's1', tokenId: 't1' });
    expect(payload.exp).toEqual(new Date(clock.now() + 30 * 86_400_000));
  });
});

describe('decoding refuses', () => {
  const good = { userId: 'u1', secret, clock };
  const sign = (claims: object, key = secret, options: jwt.SignOptions = {}) =>
    jwt.sign(JSON.parse(JSON.stringify(claims)), key, { algorithm: 'HS256', ...options });
  const now = Math.floor(clock.now() / 1000);
  const claims = { sub: 'u1', type: 'access', iat: now, exp: now + 60, iss: 'app-kernel', aud: 'app-kernel' };

  it('nothing of a well-made token', () => {
    expect(decodeToken(sign(claims), { secret, clock }).sub).toBe('u1');
  });

  it('an expired one, by name', () => {
    const late = new FakeClock(clock.now() + 16 * 60_000);
    expect(() => decodeToken(createAccessToken(good), { secret, clock: late })).toThrow('Token has expired');
    expect(decodeToken(createAccessToken(good), { secret, clock: late, ignoreExpiration: true }).sub).toBe('u1');
  });

  it('one that clocks a few seconds apart disagree on only beyond the leeway', () => {
    const at = (seconds: number) => new FakeClock(clock.now() + (15 * 60 + seconds) * 1000);
    expect(decodeToken(createAccessToken(good), { secret, clock: at(4) }).sub).toBe('u1');
    expect(() => decodeToken(createAccessToken(good), { secret, clock: at(6) })).toThrow('Token has expired');
  });

  it.each([
    ['another secret', () => sign(claims, other), 'Invalid token: invalid signature'],
    ['text that is no token', () => 'nonsense', 'Invalid token: jwt malformed'],
    ['broken JSON inside', () => 'e30.bm90IGpzb24.c2ln', /^Invalid token: /],
    ['a later start', () => sign({ ...claims, nbf: now + 60 }), 'Invalid token: jwt not active'],
    ['another issuer', () => sign({ ...claims, iss: 'other' }), /^Invalid token: jwt issuer invalid/],
    ['another audience', () => sign({ ...claims, aud: 'other' }), /^Invalid token: jwt audience invalid/],
    ['no audience', () => sign({ ...claims, aud: undefined }), /^Invalid token: jwt audience invalid/],
    ['no issuer', () => sign({ ...claims, iss: undefined }), /^Invalid token: jwt issuer invalid/],
    ['no expiry', () => sign({ ...claims, exp: undefined }), 'Invalid token: exp and iat are required'],
    ['no subject', () => sign({ ...claims, sub: undefined }), 'Invalid token: sub is missing'],
    ['a subject that is no text', () => sign({ ...claims, sub: '' }), 'Invalid token: sub is missing'],
    ['an unknown kind', () => sign({ ...claims, type: 'magic' }), 'Invalid token: type is unknown'],
    ['no kind', () => sign({ ...claims, type: undefined }), 'Invalid token: type is unknown'],
    ['HS512', () => sign(claims, secret, { algorithm: 'HS512' }), 'Invalid token: invalid algorithm'],
    [
      'a critical header',
      () => sign(claims, secret, { header: { alg: 'HS256', crit: ['exp'] } }),
      'Invalid token: critical headers are not understood',
    ],
  ])('%s', (_, make, message) => {
    expect(() => decodeToken(make(), { secret, clock })).toThrow(message);
    expect(() => decodeToken(make(), { secret, clock })).toThrow(
      expect.objectContaining({ code: 'E_UNAUTHENTICATED' }),
    );
  });
});

describe('inside a kernel', () => {
  const services = new Services();
  afterEach(() => services.close());

  it('a token made by hand with the kernel’s secret carries its issuer and audience', () => {
    services.provide(AUTH_CONFIG, authConfig({ tokenSecret: secret, issuer: 'my-api' }));
    const mine = createAccessToken({ userId: 'u1', secret });
    const foreign = createAccessToken({ userId: 'u1', secret: other });
    services.close();
    expect(decodeToken(mine, { secret, issuer: 'my-api' }).sub).toBe('u1');
    expect(() => decodeToken(mine, { secret })).toThrow(/jwt audience invalid/);
    expect(decodeToken(foreign, { secret: other }).sub).toBe('u1');
  });
});
