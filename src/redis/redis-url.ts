import { ConfigError } from '../base/errors.js';

const SCHEME = /^redis(s?)(?:\+(cluster|sentinel))?:$/;

/** Where Redis is, as a URL says it. */
export type RedisAddress = {
  username?: string;
  password?: string;
  tls: boolean;
} & (
  | { kind: 'single'; url: string }
  | { kind: 'cluster'; nodes: readonly RedisNode[] }
  | { kind: 'sentinel'; nodes: readonly RedisNode[]; master: string; db: number }
);

export interface RedisNode {
  host: string;
  port: number;
}

/**
 * `redis://host:6379/0`, `redis+cluster://host:7000?node=host2:7001` or
 * `redis+sentinel://host:26379/0?master=name&node=host2:26379`; with `rediss` instead of `redis` for TLS.
 * @throws ConfigError when `url` is none of them; the password is never part of the message.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const [, secure, kind = 'single'] = SCHEME.exec(parsed?.protocol ?? '') ?? [undefined, undefined, ''];
  if (!parsed || kind === '') throw wrongScheme(parsed?.protocol);
  const common = {
    ...(parsed.username && { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password && { password: decodeURIComponent(parsed.password) }),
    tls: secure === 's',
  };
  if (kind === 'single') return { ...common, kind, url };
  const first = parsed.port ? parsed.host : `${parsed.host}:${kind === 'cluster' ? 6379 : 26379}`;
  const nodes = [first, ...parsed.searchParams.getAll('node')].map(nodeOf);
  if (kind === 'cluster') return { ...common, kind, nodes };
  const master = parsed.searchParams.get('master');
  if (!master) throw fault('it names no master', 'Write redis+sentinel://host:26379?master=name');
  return { ...common, kind: 'sentinel', nodes, master, db: Number(parsed.pathname.slice(1) || 0) };
}

function nodeOf(text: string): RedisNode {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (!host) throw fault(`"${text}" is no node`, 'Write host:port');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function wrongScheme(scheme: string | undefined): ConfigError {
  const what = scheme ? `the scheme "${scheme}" is not Redis` : 'it is not a URL';
  return fault(what, 'Write redis://host:6379, or rediss:// for TLS');
}

function fault(what: string, mend: string): ConfigError {
  return new ConfigError('Redis cannot be used as configured', [{ field: 'redisUrl', fault: what, mend }]);
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
