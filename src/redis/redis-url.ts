import { ConfigError } from '../base/errors.js';

const SCHEMES = ['redis:', 'rediss:'];

/** @throws ConfigError when `url` is not a Redis URL; the password is never part of the message. */
export function assertRedisUrl(url: string): void {
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  if (SCHEMES.includes(scheme)) return;
  throw new ConfigError('Redis cannot be used as configured', [
    {
      field: 'redisUrl',
      fault: scheme ? `the scheme "${scheme}" is not Redis` : 'it is not a URL',
      mend: 'Write redis://host:6379, or rediss:// for TLS',
    },
  ]);
}

/** `url` as logs and errors may show it: without its password. */
export function redactRedisUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)';
  const shown = new URL(url);
  if (shown.password) shown.password = '***';
  for (const name of [...shown.searchParams.keys()]) {
    if (/pass/i.test(name)) shown.searchParams.set(name, '***');
  }
  return shown.toString();
}
