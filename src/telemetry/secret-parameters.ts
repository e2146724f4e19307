import { printableText } from './printable.js';
import { isSecretName } from './redaction.js';

/** Parts of a parameter's name that mark a secret, in lower case. */
const SECRET_PARTS = [
  'token',
  'key',
  'secret',
  'password',
  'passwd',
  'pwd',
  'auth',
  'credential',
  'bearer',
  'private',
  'signature',
  'session',
];
/** What sign-in providers call the secret that they send people back with, and short names of others. */
const SECRET_NAMES: ReadonlySet<string> = new Set(['code', 'state', 'sig', 'sid', 'pin', 'cvc', 'cvv']);
const SHOWN_END = 4;
/** A part of a path that long is a word of several, an id, or a secret. */
const LONG = 20;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Whether a parameter of a query or a path of this name holds a secret.
 * @param sensitive further parts of such names
 */
export function isSecretParameter(name: string, sensitive: readonly string[] = []): boolean {
  const lower = name.toLowerCase();
  const isPart = (part: string): boolean => lower.includes(part.toLowerCase());
  return SECRET_NAMES.has(lower) || SECRET_PARTS.some(isPart) || sensitive.some(isPart) || isSecretName(name);
}

/** Of a secret its last four characters are shown, of a short one nothing. */
export function maskedValue(value: string): string {
  if (value.length <= SHOWN_END) return '*'.repeat(value.length);
  return `***${printableText(value.slice(-SHOWN_END), true)}`;
}

/** A path whose parts nobody has named: those that look random, long and of letters and digits, are masked; UUIDs are not. */
export function withoutSecretParts(path: string): string {
  return path.replace(/[^/]+/g, (part) => (looksRandom(part) ? maskedValue(part) : part));
}

function looksRandom(part: string): boolean {
  return part.length >= LONG && /[a-z]/i.test(part) && /\d/.test(part) && !UUID.test(part);
}
