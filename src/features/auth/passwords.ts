import { createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import bcrypt from 'bcrypt';
import { TimeoutError, ValidationError } from '../../base/errors.js';
import { isCommonPassword } from './common-passwords.js';

export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 256;
/** bcrypt's work factor; about a quarter of a second per hash. */
const DEFAULT_HASH_COST = 12;

const SCHEME = 'bcrypt-sha384:';
const PREHASH_KEY = 'app-kernel password v1';
const PLAIN_BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const LEGACY = /^([0-9a-f]{32})\$(\d{1,8})\$(?:(sha256|sha512)\$)?([0-9a-f]{64}|[0-9a-f]{128})$/;
const pbkdf2Async = promisify(pbkdf2);

/** Lets `limit` pieces of work run at once; the rest wait in order, and past `maxWaiting` are refused. */
export class Gate {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #waiting: Array<() => void> = [];
  #running = 0;

  constructor(limit: number, maxWaiting = 2000) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws TimeoutError when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new TimeoutError('Too many sign-ins are waiting; try again shortly');
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** bcrypt runs on libuv's four threads, which files and DNS need too: two stay free. */
const hashGate = new Gate(2);

/** What sign-in needs of a password scheme; tests give one that counts. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** False for a wrong password; with no stored hash the same work is done and the answer is false. */
  verify(password: string, stored: string | null | undefined): Promise<boolean>;
  /** True when `stored` was made by an older scheme or a lower cost. */
  needsRehash(stored: string): boolean;
}

export function createPasswordHasher(options: { cost?: number } = {}): PasswordHasher {
  const cost = options.cost ?? DEFAULT_HASH_COST;
  return {
    hash: (password) => hashPassword(password, { cost }),
    verify: (password, stored) => verifyPassword(password, stored ?? absentHash(cost)),
    needsRehash: (stored) => !stored.startsWith(SCHEME) || bcrypt.getRounds(stored.slice(SCHEME.length)) < cost,
  };
}

/** A hash of `password` to store: bcrypt over a keyed SHA-384, so that all of a long password counts. */
export async function hashPassword(password: string, options: { cost?: number } = {}): Promise<string> {
  const cost = options.cost ?? DEFAULT_HASH_COST;
  const hash = await hashGate.run(() => bcrypt.hash(prehash(password), cost));
  return SCHEME + hash;
}

/** True when `stored` was made from `password`. Also reads plain bcrypt and PBKDF2 (`salt$iterations[$algorithm]$hex`). */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  if (stored.startsWith(SCHEME)) {
    return hashGate.run(() => bcrypt.compare(prehash(password), stored.slice(SCHEME.length)));
  }
  if (PLAIN_BCRYPT.test(stored)) return hashGate.run(() => bcrypt.compare(password, stored));
  const legacy = LEGACY.exec(stored);
  if (legacy) return hashGate.run(() => verifyPbkdf2(password, legacy));
  await hashGate.run(() => bcrypt.compare(prehash(password), absentHash(DEFAULT_HASH_COST).slice(SCHEME.length)));
  return false;
}

/**
 * bcrypt reads 72 bytes and stops at NUL; base64 of 48 bytes is 64 characters without NUL. The key keeps digests leaked
 * elsewhere from being tried against our hashes. NFC, because keyboards compose the same letter differently.
 */
function prehash(password: string): string {
  return createHmac('sha384', PREHASH_KEY).update(password.normalize('NFC')).digest('base64');
}

async function verifyPbkdf2(
  password: string,
  [, salt = '', iterations, algorithm = 'sha256', hex = '']: RegExpExecArray,
) {
  const expected = Buffer.from(hex, 'hex');
  const actual = await pbkdf2Async(password, salt, Math.max(1, Number(iterations)), expected.length, algorithm);
  return timingSafeEqual(actual, expected);
}

/** Costs as much to check as a real hash; that a password fits it is as likely as guessing 184 bits. */
function absentHash(cost: number): string {
  return `${SCHEME}$2b$${String(cost).padStart(2, '0')}$${'N'.repeat(21)}u${'7'.repeat(31)}`;
}

/** What is wrong with a new password: too short, too long, or common. There are no rules about kinds of characters. */
export function passwordFault(password: string): { msg: string; type: string } | undefined {
  const length = Array.from(password.normalize('NFC')).length;
  if (length < MIN_PASSWORD_LENGTH) {
    return { msg: `Use at least ${MIN_PASSWORD_LENGTH} characters`, type: 'string_too_short' };
  }
  if (length > MAX_PASSWORD_LENGTH) {
    return { msg: `Use at most ${MAX_PASSWORD_LENGTH} characters`, type: 'string_too_long' };
  }
  if (/\p{Surrogate}/u.test(password)) return { msg: 'Use valid Unicode text', type: 'string_unicode' };
  if (!isCommonPassword(password)) return undefined;
  return { msg: 'This password is one of the most common; choose another', type: 'password_common' };
}

/** @throws ValidationError naming the fault of a new password. */
export function checkPassword(password: string, field = 'password'): void {
  const fault = passwordFault(password);
  if (fault) throw new ValidationError([{ loc: ['body', field], ...fault }]);
}
