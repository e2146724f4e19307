import { describe, expect, it } from 'vitest';
import { createMailer, createMailRouter } from '../../../src/features/email/index.js';
import { serve } from '../../http/support/serve.js';

const mailer = createMailer({ capture: true, from: 'app@example.com' });
const { send } = serve([createMailRouter(mailer)]);
const html = '<h1>Reset</h1><script>alert(1)</script>';

describe('captured mails', async () => {
  await mailer.send({ to: 'Ann <ann@example.com>', subject: '<b>First</b> & "co"', html, text: 'Reset' });
  await mailer.send({ to: 'b@example.com', subject: 'Second', text: '<b>plain</b>', bcc: 'c@example.com' });

  it('are listed as JSON, newest first', async () => {
    const response = await send('/_kernel/mail');
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { mails } = (await response.json()) as { mails: Array<Record<string, unknown>> };
    expect(mails).toEqual([
      {
        id: expect.any(String),
        sent_at: expect.stringMatching(/^\d{4}-.*Z$/),
        from: 'app@example.com',
        reply_to: null,
        to: ['b@example.com'],
        cc: [],
        bcc: ['c@example.com'],
        subject: 'Second',
        html: null,
        text: '<b>plain</b>',
        attachments: [],
      },
      expect.objectContaining({ to: ['Ann <ann@example.com>'], html, text: 'Reset' }),
    ]);
  });

  it('are listed as a page for browsers, with nothing of a mail taken for markup', async () => {
    const response = await send('/_kernel/mail', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect(response.headers.get('content-type')).toContain('text/html');
    const page = await response.text();
    expect(page).toContain('&#60;b&#62;First&#60;/b&#62; &#38; &#34;co&#34;');
    expect(page).not.toContain('<b>First');
    expect(page).toContain('Ann &#60;ann@example.com&#62;');
  });

  it('are shown one by one, in a sandbox', async () => {
    const [plain, markup] = mailer.captured;
    const shown = await send(`/_kernel/mail/${markup?.id}`);
    expect(shown.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
    expect(shown.headers.get('content-type')).toContain('text/html');
    expect(await shown.text()).toBe(html);
    const text = await send(`/_kernel/mail/${plain?.id}`);
    expect(text.headers.get('content-type')).toContain('text/plain');
    expect(await text.text()).toBe('<b>plain</b>');
    expect((await send('/_kernel/mail/unknown')).status).toBe(404);
  });

  it.each<[string, Parameters<typeof send>[1]]>([
    ['another machine', { remoteAddress: '192.168.1.20' }],
    ['a proxy', { headers: { 'x-forwarded-for': '127.0.0.1' } }],
    ['another site in a browser on this machine', { headers: { 'sec-fetch-site': 'cross-site' } }],
  ])('are not shown to %s', async (_who, init) => {
    for (const path of ['/_kernel/mail', `/_kernel/mail/${mailer.captured[0]?.id}`]) {
      const response = await send(path, init);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain('example.com');
    }
  });

  it('are not shown to a page whose name was made to resolve to this machine', async () => {
    expect((await send('http://evil.example/_kernel/mail')).status).toBe(401);
  });
});
