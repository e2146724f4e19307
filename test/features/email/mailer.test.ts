import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { Services } from '../../../src/base/services.js';
import {
  createMailer,
  isEmailConfigured,
  mailerService,
  sendEmail,
  sendEmailBatch,
} from '../../../src/features/email/index.js';
import { type SmtpCatcher, startSmtpCatcher } from './smtp-catcher.js';

const from = 'My App <noreply@myapp.com>';
const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

let catcher: SmtpCatcher;
const start = async (options?: Parameters<typeof startSmtpCatcher>[0]): Promise<SmtpCatcher> => {
  catcher = await startSmtpCatcher(options);
  return catcher;
};

afterEach(async () => {
  await catcher?.close();
});

describe('a mailer with a server', () => {
  it('sends HTML and text with its sender and reply address', async () => {
    const { port, mails } = await start();
    const mailer = createMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, from, replyTo: 'help@myapp.com' });
    expect(mailer.isConfigured).toBe(true);
    const sent = await mailer.send({ to: 'Ann <ann@example.com>', subject: 'Grüße', html: '<h1>Hi</h1>', text: 'Hi' });
    expect(sent).toMatchObject({ accepted: ['ann@example.com'], rejected: [], captured: false });
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({ from: 'noreply@myapp.com', to: ['ann@example.com'] });
    const raw = mails[0]?.raw ?? '';
    for (const part of ['From: My App <noreply@myapp.com>', 'To: Ann <ann@example.com>', 'Reply-To: help@myapp.com']) {
      expect(raw).toContain(part);
    }
    expect(raw).toContain('Content-Type: text/html');
    expect(raw).toContain('Content-Type: text/plain');
    expect(raw).toMatch(/Subject: =\?UTF-8\?/);
  });

  it.each([
    ['body with html: true as HTML', { body: '<h1>Hi</h1>', html: true }, 'text/html'],
    ['body alone as text', { body: 'Hi' }, 'text/plain'],
  ])('takes %s', async (_kind, content, type) => {
    const { port, mails } = await start();
    await createMailer({ host: '127.0.0.1', port, from }).send({ to: 'a@example.com', subject: 's', ...content });
    expect(mails[0]?.raw).toContain(`Content-Type: ${type}`);
  });

  it('hides blind copies and sends attachments', async () => {
    const { port, mails } = await start();
    await createMailer({ host: '127.0.0.1', port, from }).send({
      to: ['a@example.com', 'b@example.com'],
      cc: 'c@example.com',
      bcc: 'd@example.com',
      subject: 's',
      text: 't',
      attachments: [{ filename: 'a.txt', content: 'attached' }],
      headers: { 'X-Campaign': 'spring' },
    });
    expect(mails[0]?.to).toEqual(['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com']);
    expect(mails[0]?.raw).not.toContain('d@example.com');
    expect(mails[0]?.raw).toContain('X-Campaign: spring');
    expect(mails[0]?.raw).toContain('filename=a.txt');
  });

  it('logs in with the percent-decoded user and password of its URL', async () => {
    const { port, logins, mails } = await start({ password: 'p@ss:w/ord%' });
    const smtpUrl = `smtp://user%40myapp.com:p%40ss%3Aw%2Ford%25@127.0.0.1:${port}`;
    await createMailer({ smtpUrl, from }).send({ to: 'a@example.com', subject: 's', text: 't' });
    expect(logins).toEqual(['user@myapp.com:p@ss:w/ord%']);
    expect(mails).toHaveLength(1);
  });

  it('speaks TLS from the first byte on smtps://, and only with a certificate it can trust', async () => {
    const certificate = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') };
    const { port, mails } = await start({ ...certificate, secure: true });
    const smtpUrl = `smtps://localhost:${port}`;
    const message = { to: 'a@example.com', subject: 's', text: 't' };
    await createMailer({ smtpUrl, from, ca: certificate.cert }).send(message);
    expect(mails).toMatchObject([{ secure: true }]);
    await expect(createMailer({ smtpUrl, from }).send(message)).rejects.toMatchObject({ code: 'E_CONNECTION' });
    expect(mails).toHaveLength(1);
  });

  it('sends a batch one by one: nobody sees the others, and one failure stops nobody', async () => {
    const { port, mails } = await start();
    const mailer = createMailer({ host: '127.0.0.1', port, from });
    const result = await mailer.sendBatch([
      { to: 'a@example.com', subject: 'Hi A', body: 'a' },
      { to: 'refused@example.com', subject: 'Hi R', body: 'r' },
      { to: 'not an address', subject: 'Hi N', body: 'n' },
      { to: 'b@example.com', subject: 'Hi B', body: 'b' },
    ]);
    expect(result).toMatchObject({
      sent: 2,
      failed: 2,
      errors: [
        { index: 1, error: { code: 'E_EMAIL_REJECTED', details: { status: 550, permanent: true } } },
        { index: 2, error: { code: 'E_VALIDATION' } },
      ],
    });
    expect(mails.map((mail) => mail.to).sort()).toEqual([['a@example.com'], ['b@example.com']]);
    for (const mail of mails)
      expect(mail.raw.includes('a@example.com') && mail.raw.includes('b@example.com')).toBe(false);
  });

  it('names recipients that the server refused while it took others', async () => {
    const { port } = await start();
    const to = ['a@example.com', 'refused@example.com'];
    const sent = await createMailer({ host: '127.0.0.1', port, from }).send({ to, subject: 's', text: 't' });
    expect(sent).toMatchObject({ accepted: ['a@example.com'], rejected: ['refused@example.com'] });
  });

  it('says that the log-in was refused, without the password', async () => {
    const { port } = await start({ password: 'right' });
    const mailer = createMailer({ smtpUrl: `smtp://u:wrong-canary@127.0.0.1:${port}`, from });
    const error = await mailer.send({ to: 'a@example.com', subject: 's', text: 't' }).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code: 'E_EMAIL_REJECTED' });
    expect(String(error)).toContain('log-in');
    expect(String(error)).not.toContain('wrong-canary');
  });

  it('reports a server that is away as a connection fault', async () => {
    const { port } = await start();
    await catcher.close();
    const mailer = createMailer({ host: '127.0.0.1', port, from });
    await expect(mailer.send({ to: 'a@example.com', subject: 's', text: 't' })).rejects.toMatchObject({
      code: 'E_CONNECTION',
    });
  });

  it.each([
    ['says nothing', (_socket: Socket) => {}],
    [
      'greets and then drips for ever',
      (socket: Socket) => {
        socket.write('220 ready\r\n');
        const timer = setInterval(() => socket.write('250-more\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ])('gives up on a server that %s', async (_kind, behave) => {
    const sockets: Socket[] = [];
    const tarpit = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      behave(socket);
    }).listen(0, '127.0.0.1');
    await once(tarpit, 'listening');
    const { port } = tarpit.address() as AddressInfo;
    const mailer = createMailer({ host: '127.0.0.1', port, from, timeouts: { sendMs: 200 } });
    const started = performance.now();
    const sending = mailer.send({ to: 'a@example.com', subject: 's', text: 't' });
    await expect(sending).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    expect(performance.now() - started).toBeLessThan(5_000);
    await vi.waitFor(() => expect(sockets.every((socket) => socket.destroyed)).toBe(true), { timeout: 5_000 });
    tarpit.close();
  });
});

describe('a mailer without a server', () => {
  it('keeps the newest 100 mails when it captures', async () => {
    const mailer = createMailer({ capture: true, from });
    expect(mailer.isConfigured).toBe(false);
    for (let n = 0; n < 105; n++) await mailer.send({ to: 'a@example.com', subject: `n${n}`, text: 't' });
    expect(mailer.captured).toHaveLength(100);
    expect(mailer.captured[0]).toMatchObject({ subject: 'n104', to: [{ address: 'a@example.com' }], text: 't' });
    expect(mailer.captured.at(-1)?.subject).toBe('n5');
  });

  it('refuses to send when it does not', async () => {
    const mailer = createMailer({ from });
    await expect(mailer.send({ to: 'a@example.com', subject: 's', text: 't' })).rejects.toMatchObject({
      code: 'E_EMAIL_NOT_CONFIGURED',
    });
    expect(mailer.captured).toEqual([]);
  });
});

describe('sendEmail', () => {
  it('uses the mailer of the running kernel', async () => {
    await expect(sendEmail({ to: 'a@example.com', subject: 's', text: 't' })).rejects.toMatchObject({
      code: 'E_EMAIL_NOT_CONFIGURED',
    });
    expect(isEmailConfigured()).toBe(false);
    const { port, mails } = await start();
    const services = new Services();
    services.provide(mailerService, createMailer({ host: '127.0.0.1', port, from }));
    await runWithContext({ services }, async () => {
      expect(isEmailConfigured()).toBe(true);
      expect(await sendEmail({ to: 'a@example.com', subject: 's', body: '<b>b</b>', html: true })).toBe(true);
      expect(await sendEmailBatch([{ to: 'b@example.com', subject: 's', body: 'b' }])).toMatchObject({
        sent: 1,
        failed: 0,
      });
    });
    expect(mails).toHaveLength(2);
    services.close();
  });
});
