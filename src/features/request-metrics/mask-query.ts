import { isSecretName, printableText } from '../../telemetry/index.js';
import type { QueryParams } from './entities.js';

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
const MAX_PARAMS = 50;
const MAX_NAME = 64;
const MAX_VALUE = 200;
const SHOWN_END = 4;

/**
 * The parameters of a query as they may be kept: of a secret its last four characters are shown, of a short one nothing.
 * Names and values are bounded and hold no control characters. `null` where there are none.
 * @param sensitive further parts of names that mark a secret
 */
export function maskQuery(query: string, sensitive: readonly string[] = []): QueryParams | null {
  if (query === '') return null;
  const masked = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const label = printableText(name.slice(0, MAX_NAME), true);
    const known = masked.get(label);
    if (!known && masked.size >= MAX_PARAMS) break;
    if (known && known.length >= MAX_PARAMS) continue;
    const shown = isSecret(name, sensitive) ? masking(value) : printableText(value.slice(0, MAX_VALUE), true);
    masked.set(label, known ? [...known, shown] : [shown]);
  }
  if (masked.size === 0) return null;
  return Object.fromEntries(
    [...masked].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  ) as QueryParams;
}

function isSecret(name: string, sensitive: readonly string[]): boolean {
  const lower = name.toLowerCase();
  const isPart = (part: string): boolean => lower.includes(part.toLowerCase());
  return SECRET_NAMES.has(lower) || SECRET_PARTS.some(isPart) || sensitive.some(isPart) || isSecretName(name);
}

function masking(value: string): string {
  if (value.length <= SHOWN_END) return '*'.repeat(value.length);
  return `***${printableText(value.slice(-SHOWN_END), true)}`;
}
