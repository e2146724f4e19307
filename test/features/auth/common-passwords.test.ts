import { expect, it } from 'vitest';
import {
  COMMON_ENDINGS,
  COMMON_STEMS,
  COMMON_STRINGS,
  isCommonPassword,
} from '../../../src/features/auth/common-passwords.js';

it.each([
  'password',
  'Password',
  'PASSWORD1',
  'passw0rd',
  'p@ssw0rd',
  'P@$$w0rd!',
  'password123',
  'Password2024!',
  '12345678',
  '123456789',
  '87654321',
  'abcdefgh',
  '11111111',
  '12121212',
  'qwertyuiop',
  'qwerty123',
  '1qaz2wsx',
  'letmein1',
  'letmein123',
  'iloveyou',
  'sunshine1',
  'football1',
  'princess',
  'superman1',
  'trustno1',
  'admin123',
  'Welcome1',
  'welcome123',
  'dragon12',
  'monkey123',
  'passwordpassword',
  'aaaaaaaaaaaa',
])('refuses %s', (password) => {
  expect(isCommonPassword(password)).toBe(true);
});

it.each([
  'x7Kp2mQz',
  'correct horse staple',
  'mein hund frisst gern',
  'gr8-Tr33h0us3',
  'qzwxecrv',
  '73920186',
  'password of my aunt',
])('lets %s pass', (password) => {
  expect(isCommonPassword(password)).toBe(false);
});

it('knows far more than 3,000 passwords of eight or more characters, and refuses each', () => {
  const long = new Set(COMMON_STRINGS);
  for (const stem of COMMON_STEMS) {
    long.add(stem);
    for (const ending of COMMON_ENDINGS) long.add(stem + ending);
  }
  const relevant = [...long].filter((password) => password.length >= 8);
  expect(relevant.length).toBeGreaterThan(3_000);
  expect(relevant.filter((password) => !isCommonPassword(password))).toEqual([]);
});

it('answers at once for hostile input', () => {
  const started = performance.now();
  isCommonPassword(`${'1'.repeat(255)}x`);
  isCommonPassword('ab'.repeat(128));
  isCommonPassword('@'.repeat(256));
  expect(performance.now() - started).toBeLessThan(50);
});
