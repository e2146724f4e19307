import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { createAccessToken } from '../../../src/features/auth/index.js';
import { verifyOnce } from '../../../src/features/auth/verified-tokens.js';

const secret = 'a secret of the tests that is long enough';
const config = { tokenSecret: secret, issuer: 'shop', audience: 'shop' } as Parameters<typeof verifyOnce>[0]['config'];
const tokenOf = (clock: FakeClock, userId = 'ada') =>
  createAccessToken({ userId, secret, issuer: 'shop', audience: 'shop', expiresMinutes: 15, clock });

describe('a token that was verified before', () => {
  it('is remembered by its whole text', () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    const verify = verifyOnce({ config, clock });
    const token = tokenOf(clock);
    const first = verify(token);
    expect(verify(token)).toBe(first);
    expect(verify(tokenOf(clock, 'bob')).sub).toBe('bob');
  });

  it('is refused once it has expired', () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    const verify = verifyOnce({ config, clock });
    const token = tokenOf(clock);
    verify(token);
    clock.advance(16 * 60_000);
    expect(() => verify(token)).toThrow('Token has expired');
    expect(() => verify(token)).toThrow('Token has expired');
  });

  it('vouches for no other signature, and not for one that was refused', () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    const verify = verifyOnce({ config, clock });
    const token = tokenOf(clock);
    verify(token);
    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.${'A'.repeat(43)}`;
    expect(() => verify(forged)).toThrow('Invalid token');
    expect(() => verify(forged)).toThrow('Invalid token');
    expect(() => verify(`${header}.${payload}.`)).toThrow('Invalid token');
  });
});
