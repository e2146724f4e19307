import { describe, expect, it } from 'vitest';
import { KernelError } from '../../src/base/errors.js';
import { logContext } from '../../src/telemetry/index.js';
import { readableLogger } from '../telemetry/lines.js';

const CANARY = 'canary-7f3a9';

describe('secrets in logs', () => {
  it.each([
    'password',
    'Password',
    'new_password',
    'passwordConfirm',
    'passwd',
    'passphrase',
    'secret',
    'client_secret',
    'jwtSecret',
    'token',
    'access_token',
    'refreshToken',
    'tokens',
    'authorization',
    'Authorization',
    'Proxy-Authorization',
    'cookie',
    'Set-Cookie',
    'api_key',
    'apiKey',
    'x-api-key',
    'privateKey',
    'aws_access_key',
    'credentials',
    'totp',
    'db_pwd',
    'token_hash',
  ])('are redacted under the name %s, at any depth', (name) => {
    const { logger, text } = readableLogger();
    logger.info({ [name]: CANARY, a: { b: [{ c: { [name]: { inner: CANARY } } }] } }, 'x');
    logger.child({ [name]: CANARY }).info('x');
    logContext({ [name]: CANARY }, () => logger.info('x'));
    logger.error(Object.assign(new KernelError('E_X', 'x', { details: { [name]: CANARY } }), { [name]: CANARY }));
    expect(text()).not.toContain(CANARY);
    expect(text()).toContain('[redacted]');
  });

  it.each([
    ['a URL with a password', `postgresql://app:${CANARY}@db:5432/x`],
    ['a URL with a password that holds an at sign', `redis://:p@${CANARY}@host/0`],
    ['a bearer header', `Authorization: Bearer ${CANARY}.x_y~z`],
    ['a basic header', `Basic ${Buffer.from(`user:${CANARY}`).toString('base64')}`],
    ['a JWT', `got eyJhbGciOiJIUzI1NiJ9.${CANARY}.sig`],
    ['a query parameter', `/cb?state=1&access_token=${CANARY}&x=1`],
    ['an OAuth code', `/cb?code=${CANARY}`],
  ])('are redacted in text: %s', (_kind, secret) => {
    const { logger, text } = readableLogger();
    const cause = new Error(secret);
    logger.error({ url: secret, list: [secret], err: new Error(secret, { cause }) }, secret);
    expect(text()).not.toContain(CANARY);
    expect(text()).not.toContain(Buffer.from(CANARY).toString('base64').slice(0, 12));
  });

  it('are not cut in two by the length limit', () => {
    const { logger, text } = readableLogger();
    for (let pad = 8_150; pad < 8_200; pad++) logger.info(`${'x'.repeat(pad)} redis://app:${CANARY}@host`);
    expect(text()).not.toContain('canary');
  });

  it('leave alone what only sounds like one', () => {
    const { logger, lines } = readableLogger();
    const harmless = {
      tokens: 1200,
      max_tokens: 5,
      passed: true,
      hasPassword: false,
      token_count: 3,
      keyboard: 'de',
      url: 'https://a.b/c?x=1',
    };
    logger.info(harmless, 'user@example.com wrote 10:20');
    expect(lines()[0]).toMatchObject({ ...harmless, msg: 'user@example.com wrote 10:20' });
  });
});
