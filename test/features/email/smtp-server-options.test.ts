import { describe, expect, it } from 'vitest';
import { resolveSmtpServer } from '../../../src/features/email/smtp-server-options.js';

describe('the mail server of a URL', () => {
  it.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, secure: false, requireTLS: true }],
    ['smtp://mail.example.com:2525', { port: 2525, secure: false, requireTLS: true, ignoreTLS: false }],
    ['smtp://mail.example.com:465', { port: 465, secure: true, requireTLS: false }],
    ['smtps://mail.example.com', { port: 465, secure: true }],
    ['smtp://localhost:1025', { port: 1025, secure: false, requireTLS: false, ignoreTLS: true }],
    ['smtp://[::1]:1025', { host: '::1', requireTLS: false }],
    ['smtp://user%40a:p%3Aw@mail.example.com', { auth: { user: 'user@a', pass: 'p:w' } }],
  ])('%s', (smtpUrl, expected) => {
    expect(resolveSmtpServer({ smtpUrl })).toMatchObject(expected);
  });

  it('may be reached without TLS only when that is said', () => {
    const smtpUrl = 'smtp://mail.example.com';
    expect(resolveSmtpServer({ smtpUrl, useTls: false })).toMatchObject({ requireTLS: false, ignoreTLS: true });
    expect(resolveSmtpServer({ smtpUrl: `${smtpUrl}:465`, useTls: false })).toMatchObject({ secure: true });
  });

  it('comes from single fields as well', () => {
    expect(resolveSmtpServer({ host: 'mail.example.com', port: 2525, user: 'u', password: 'p' })).toMatchObject({
      host: 'mail.example.com',
      port: 2525,
      requireTLS: true,
      auth: { user: 'u', pass: 'p' },
    });
    expect(resolveSmtpServer({})).toBeUndefined();
    expect(resolveSmtpServer({ smtpUrl: null })).toBeUndefined();
  });

  it.each(['mail.example.com:587', 'http://mail.example.com', 'smtp://', 'smtp://u:canary%zz@mail.example.com'])(
    'is refused as %s, without repeating it',
    (smtpUrl) => {
      expect(() => resolveSmtpServer({ smtpUrl })).toThrow(/smtpUrl/);
      try {
        resolveSmtpServer({ smtpUrl });
      } catch (error) {
        expect(String(error)).not.toContain('canary');
      }
    },
  );
});
