import bcrypt from 'bcrypt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ValidationError } from '../../../src/base/errors.js';
import {
  checkPassword,
  createPasswordHasher,
  Gate,
  hashPassword,
  passwordFault,
  verifyPassword,
} from '../../../src/features/auth/passwords.js';

const LEGACY_HEX =
  'f20d9e68262942f5f397fcce9ee1264036eb8d36262cf3dbd28d5ed575fd659a' +
  'b1a81d03adc866ba169b896da1d85cf040a14f4beb34d14baaf758ff7f00c989';
const LEGACY = `aabbccddeeff00112233445566778899$600000$sha512$${LEGACY_HEX}`;
const LEGACY_SHA256 = 'aabbccddeeff00112233445566778899$1000$';
const fast = { cost: 4 };
const hasher = createPasswordHasher(fast);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('hashing', () => {
  it('verifies the right password and refuses another', async () => {
    const stored = await hashPassword('a fine password', fast);
    expect(await verifyPassword('a fine password', stored)).toBe(true);
    expect(await verifyPassword('a fine passwort', stored)).toBe(false);
  });

  it('salts: the same password gives different hashes', async () => {
    expect(await hashPassword('a fine password', fast)).not.toBe(await hashPassword('a fine password', fast));
  });

  it('works at cost 12 by default', async () => {
    expect(await hashPassword('a fine password')).toMatch(/\$2b\$12\$/);
  });

  it('counts every byte of a long password', async () => {
    const stored = await hashPassword(`${'a'.repeat(72)}X`, fast);
    expect(await verifyPassword(`${'a'.repeat(72)}Y`, stored)).toBe(false);
    expect(await verifyPassword(`${'a'.repeat(72)}X`, stored)).toBe(true);
  });

  it('takes 64 emoji, to the last one', async () => {
    const stored = await hashPassword('🦊'.repeat(64), fast);
    expect(await verifyPassword('🦊'.repeat(64), stored)).toBe(true);
    expect(await verifyPassword(`${'🦊'.repeat(63)}🐻`, stored)).toBe(false);
  });

  it('counts what follows a NUL', async () => {
    const stored = await hashPassword('before\0after-1', fast);
    expect(await verifyPassword('before\0after-2', stored)).toBe(false);
  });

  it('treats composed and decomposed letters as the same', async () => {
    const stored = await hashPassword('caf\u00e9 au lait', fast);
    expect(await verifyPassword('cafe\u0301 au lait', stored)).toBe(true);
  });
});

describe('older formats', () => {
  it('reads PBKDF2 with SHA-512', async () => {
    expect(await verifyPassword('password123', LEGACY)).toBe(true);
    expect(await verifyPassword('password124', LEGACY)).toBe(false);
  });

  it('reads the three-part format as SHA-256', async () => {
    const { pbkdf2Sync } = await import('node:crypto');
    const hex = pbkdf2Sync('password123', 'aabbccddeeff00112233445566778899', 1000, 32, 'sha256').toString('hex');
    expect(await verifyPassword('password123', LEGACY_SHA256 + hex)).toBe(true);
    expect(await verifyPassword('password', LEGACY_SHA256 + hex)).toBe(false);
  });

  it('reads plain bcrypt', async () => {
    const stored = await bcrypt.hash('imported password', 4);
    expect(await verifyPassword('imported password', stored)).toBe(true);
    expect(await verifyPassword('imported passwort', stored)).toBe(false);
  });

  it('asks for a new hash of older schemes and lower costs only', async () => {
    const strong = createPasswordHasher({ cost: 5 });
    const stored = await hasher.hash('a fine password');
    expect(strong.needsRehash(stored)).toBe(true);
    expect(hasher.needsRehash(stored)).toBe(false);
    expect(hasher.needsRehash(LEGACY)).toBe(true);
    expect(hasher.needsRehash(await bcrypt.hash('x', 4))).toBe(true);
    expect(hasher.needsRehash(await strong.hash('a fine password'))).toBe(false);
  });
});

describe('an account without a usable hash', () => {
  it.each([null, undefined, '', 'plainly wrong', 'a$b$c'])('does the same work for %j and refuses', async (stored) => {
    const compare = vi.spyOn(bcrypt, 'compare');
    expect(await hasher.verify('any password', stored)).toBe(false);
    expect(compare).toHaveBeenCalledTimes(1);
  });

  it('checks the stand-in at the cost that real hashes have', async () => {
    const compare = vi.spyOn(bcrypt, 'compare');
    await hasher.verify('any password', null);
    await hasher.verify('any password', await hasher.hash('real password'));
    const costs = compare.mock.calls.map(([, hash]) => bcrypt.getRounds(String(hash)));
    expect(costs).toEqual([4, 4]);
  });

  it('really computes the stand-in', async () => {
    const slow = createPasswordHasher({ cost: 10 });
    const real = await slow.hash('real password');
    const cost = async (stored: string | null) => {
      const before = process.cpuUsage();
      for (let i = 0; i < 3; i++) await slow.verify('wrong password', stored);
      return process.cpuUsage(before).user;
    };
    await cost(real);
    expect(await cost(null)).toBeGreaterThan((await cost(real)) / 3);
  });
});

describe('the gate', () => {
  it('lets only so many run at once, and the rest in order', async () => {
    const gate = new Gate(2);
    const releases: Array<() => void> = [];
    const order: number[] = [];
    const works = [0, 1, 2, 3].map((index) =>
      gate.run(async () => {
        order.push(index);
        await new Promise<void>((resolve) => releases.push(resolve));
      }),
    );
    await Promise.resolve();
    expect(order).toEqual([0, 1]);
    releases[0]?.();
    await works[0];
    await vi.waitFor(() => expect(order).toEqual([0, 1, 2]));
    for (let done = 1; done < 4; done++) {
      await vi.waitFor(() => expect(releases.length).toBeGreaterThan(done));
      releases[done]?.();
    }
    await Promise.all(works);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('refuses when too many wait, and goes on after a failure', async () => {
    const gate = new Gate(1, 1);
    let fail = (_: Error): void => {};
    const failing = gate.run(() => new Promise<void>((_, reject) => (fail = reject)));
    const waiting = gate.run(async () => 'done');
    await expect(gate.run(async () => 'too many')).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    fail(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    expect(await waiting).toBe('done');
    expect(await gate.run(async () => 'again')).toBe('again');
  });
});

describe('the rules for new passwords', () => {
  it.each([
    '12 chars fine',
    'x7Kp2mQz',
    'zażółć gęślą',
    '🦊🐻🐼🐨🐯🦁🐮🐷',
    `${'a'.repeat(7)}é`,
    'alllowercaseletters',
    '🦊'.repeat(64),
  ])('accepts %j', (password) => expect(passwordFault(password)).toBeUndefined());

  it('counts characters, not bytes or UTF-16 units', () => {
    expect(passwordFault('🦊🐻🐼🐨')).toMatchObject({ type: 'string_too_short' });
    expect(passwordFault('🦊🐻🐼🐨🐯🦁'.repeat(42))).toBeUndefined();
    expect(
      passwordFault(Array.from({ length: 257 }, (_, i) => String.fromCodePoint(0x4e00 + i * 3)).join('')),
    ).toMatchObject({
      type: 'string_too_long',
    });
  });

  it('refuses half a surrogate pair, which UTF-8 would turn into the same bytes as any other', () => {
    expect(passwordFault('lone half \ud83e here')).toMatchObject({ type: 'string_unicode' });
  });

  it('names field, fault and mend', () => {
    expect(() => checkPassword('short', 'new_password')).toThrow(ValidationError);
    expect(() => checkPassword('password1', 'new_password')).toThrow(
      /new_password: This password is one of the most common/,
    );
  });
});
