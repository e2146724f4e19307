import { expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.js';
import { parseRedisUrl } from '../../src/redis/redis-url.js';

it('tells a server, a cluster and sentinels apart', () => {
  expect(parseRedisUrl('redis://host:6379/2')).toEqual({ kind: 'single', url: 'redis://host:6379/2', tls: false });
  expect(parseRedisUrl('rediss+cluster://ann:p%40ss@one:7000?node=two:7001&node=[::1]:7002')).toEqual({
    kind: 'cluster',
    username: 'ann',
    password: 'p@ss',
    tls: true,
    nodes: [
      { host: 'one', port: 7000 },
      { host: 'two', port: 7001 },
      { host: '::1', port: 7002 },
    ],
  });
  expect(parseRedisUrl('redis+sentinel://one/3?master=main&node=two:26380')).toEqual({
    kind: 'sentinel',
    tls: false,
    master: 'main',
    db: 3,
    nodes: [
      { host: 'one', port: 26379 },
      { host: 'two', port: 26380 },
    ],
  });
});

it('refuses what is none of them, without its password', () => {
  for (const url of ['http://host', 'not a url', 'redis+sentinel://u:secret@one', 'redis+cluster://one?node=two']) {
    let fault: unknown;
    try {
      parseRedisUrl(url);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(ConfigError);
    expect(String(fault)).not.toContain('secret');
  }
});
