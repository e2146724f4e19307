import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { serverOptions } from '../../../src/orm/dialect/server-options.js';
import { type SslOption, tlsSettings } from '../../../src/orm/dialect/tls.js';
import { UrlParameters, withoutParameters } from '../../../src/orm/dialect/url-parameters.js';

const settings = (query: string, ssl?: SslOption) => tlsSettings(ssl, new UrlParameters(`mysql://u:p@h/db${query}`));
const CA = fileURLToPath(new URL('../servers/tls/ca.pem', import.meta.url));

describe('an encrypted line', () => {
  it('is asked for by the option or by the URL, and by neither it is plain', () => {
    expect(settings('')).toBeUndefined();
    expect(settings('', false)).toBeUndefined();
    expect(settings('?sslmode=disable')).toBeUndefined();
    expect(settings('', true)?.verify).toBe('identity');
    expect(settings('', { ca: 'x' })).toEqual({ verify: 'identity', material: { ca: 'x' } });
    expect(settings('', { rejectUnauthorized: false })).toEqual({ verify: 'nothing', material: {} });
    expect(settings('?sslmode=require')?.verify).toBe('nothing');
    expect(settings('?ssl-mode=VERIFY_CA')?.verify).toBe('authority');
    expect(settings('?sslmode=verify-full')?.verify).toBe('identity');
  });

  it('takes its certificates from the option, and from files that the URL names', () => {
    expect(settings('?sslmode=verify-ca', { ca: 'x' })).toEqual({ verify: 'authority', material: { ca: 'x' } });
    const { material } = settings(`?sslmode=verify-full&sslrootcert=${CA}`) ?? {};
    expect(String(material?.ca)).toContain('BEGIN CERTIFICATE');
    expect(() => settings('?sslmode=verify-full&sslrootcert=/nowhere.pem')).toThrow(/sslrootcert .*\/nowhere\.pem/);
  });

  it('refuses modes that whoever sits on the line could turn off, and contradictions', () => {
    expect(() => settings('?sslmode=prefer')).toThrow(/unknown sslmode "prefer"; write sslmode=disable, require/);
    expect(() => settings('?sslmode=require', false)).toThrow(/contradict/);
    expect(() => settings('?sslmode=disable', true)).toThrow(/contradict/);
    expect(() => settings('?sslmode=verify-full', { rejectUnauthorized: false })).toThrow(/contradict/);
    expect(() => settings('?sslmode=require', { rejectUnauthorized: false })).not.toThrow();
  });
});

describe('the options of a server', () => {
  it('come from the URL before the options, and have defaults', () => {
    const given = { acquireTimeoutMs: 5_000, poolSize: 3, statementTimeoutMs: 7 };
    expect(serverOptions('postgresql://h/db', { acquireTimeoutMs: 60_000 })).toEqual({
      poolSize: 10,
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 30_000,
      idleTimeoutMs: 60_000,
      tls: undefined,
    });
    expect(serverOptions('postgresql://h/db?poolSize=4&STATEMENTTIMEOUTMS=0', given)).toMatchObject({
      poolSize: 4,
      connectTimeoutMs: 5_000,
      statementTimeoutMs: 0,
    });
  });

  it('name a malformed parameter, not the URL', () => {
    for (const value of ['0', '-1', 'many', '1.5', '']) {
      const read = () => serverOptions(`mysql://u:hush@h/db?poolSize=${value}`, { acquireTimeoutMs: 1 });
      expect(read).toThrow('The database URL has a poolSize that is no whole number from 1; write poolSize=10');
    }
  });

  it('are taken out of a URL, whose other parameters stay', () => {
    const url = 'postgresql:///db?host=/var/run/postgresql&sslMode=require&options=-c%20a%3Db';
    expect(withoutParameters(url, ['sslmode'])).toBe(
      'postgresql:///db?host=%2Fvar%2Frun%2Fpostgresql&options=-c+a%3Db',
    );
    expect(withoutParameters(url, ['poolSize'])).toBe(url);
    expect(withoutParameters('postgresql://h/db?sslmode=require', ['sslmode'])).toBe('postgresql://h/db');
  });
});
