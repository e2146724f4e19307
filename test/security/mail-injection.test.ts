import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMailer, type EmailMessage, type Mailer } from '../../src/features/email/index.js';
import { type SmtpCatcher, startSmtpCatcher } from '../features/email/smtp-catcher.js';

describe('mail injection', () => {
  const good: EmailMessage = { to: 'a@example.com', subject: 's', text: 't' };
  let catcher: SmtpCatcher;
  let mailer: Mailer;

  beforeAll(async () => {
    catcher = await startSmtpCatcher();
    mailer = createMailer({ host: '127.0.0.1', port: catcher.port, from: 'app@example.com' });
  });
  afterAll(() => catcher.close());

  it.each<[string, Partial<EmailMessage>, string]>([
    ['a line break in the subject', { subject: 'Hi\r\nBcc: victim@example.com' }, 'subject'],
    ['a lone line feed in the subject', { subject: 'Hi\nBcc: victim@example.com' }, 'subject'],
    ['a line break in an address', { to: 'a@example.com\r\nBcc: victim@example.com' }, 'to'],
    ['a line break in a name', { to: 'A\r\nBcc: v@example.com <a@example.com>' }, 'to'],
    ['a second address in one', { to: 'a@example.com, victim@example.com' }, 'to'],
    ['a quoted local part', { to: '"victim@evil.com x"@example.com' }, 'to'],
    ['a quoted local part within brackets', { to: 'A <"victim@evil.com>"@example.com>' }, 'to'],
    ['a comment', { to: 'a(comment)@example.com' }, 'to'],
    ['two signs', { to: 'a@evil.com@example.com' }, 'to'],
    ['a group', { to: 'friends: a@example.com, b@example.com;' }, 'to'],
    ['spaces', { to: 'a b@example.com' }, 'to'],
    ['no domain', { to: 'a@' }, 'to'],
    ['an option of the mail command', { to: '<a@example.com> SIZE=1' }, 'to'],
    ['a line break in the sender', { from: 'x@example.com\r\nX: y' }, 'from'],
    ['a line break in the reply address', { replyTo: 'x@example.com\nX: y' }, 'replyTo'],
    ['a line break in a header', { headers: { 'X-Note': 'a\r\nBcc: v@example.com' } }, 'headers'],
    ['a header name with a line break', { headers: { 'X-A: b\r\nBcc': 'v@example.com' } }, 'headers'],
    ['a header that has a field of its own', { headers: { bcc: 'v@example.com' } }, 'headers'],
    ['no recipient', { to: [] }, 'to'],
    ['no content', { text: undefined }, 'body'],
    ['an object for an address', { to: { address: 'v@example.com' } as never }, 'to'],
  ])('refuses %s and sends nothing', async (_kind, change, field) => {
    const error = await mailer.send({ ...good, ...change }).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code: 'E_VALIDATION', issues: [{ loc: expect.arrayContaining([field]) }] });
    expect(catcher.mails).toEqual([]);
  });

  it('names every fault at once', async () => {
    const error = mailer.send({ to: ['ok@example.com', 'x', 'y\n@example.com'], subject: '\n', text: 't' });
    await expect(error).rejects.toMatchObject({
      issues: [{ loc: ['to', 1] }, { loc: ['to', 2] }, { loc: ['subject'] }],
    });
  });

  it('reads no file and fetches no address for an attachment', async () => {
    const attachments = [
      { filename: 'x', path: '/etc/hostname', href: 'http://127.0.0.1:1/', content: 'safe' } as never,
    ];
    await mailer.send({ ...good, attachments });
    const raw = catcher.mails.at(-1)?.raw ?? '';
    expect(raw).toContain(Buffer.from('safe').toString('base64'));
  });

  it('takes ordinary addresses', async () => {
    const to = [
      "o'neil+tag@sub.example.com",
      'Ann Example <ann@example.com>',
      '"Bob, Jr." <bob@example.com>',
      'x@bücher.example',
    ];
    await mailer.send({ ...good, to });
    expect(catcher.mails.at(-1)?.to).toEqual([
      "o'neil+tag@sub.example.com",
      'ann@example.com',
      'bob@example.com',
      'x@bücher.example',
    ]);
  });

  it('checks a hostile address in no time', () => {
    const started = performance.now();
    for (const text of [
      'a'.repeat(100_000),
      `${'a.'.repeat(50_000)}@x`,
      '<'.repeat(100_000),
      `"${'"'.repeat(100_000)}`,
    ]) {
      createMailer({ capture: true, from: 'a@example.com' })
        .send({ ...good, to: text })
        .catch(() => {});
    }
    expect(performance.now() - started).toBeLessThan(100);
  });
});
