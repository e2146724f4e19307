import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import {
  createRouter,
  getCurrentAdmin,
  type HttpContext,
  isForwarded,
  noRateLimit,
  peerAddress,
  type TypedRouter,
} from '../../http/index.js';
import { escapeHtml } from './action-mail.js';
import type { CapturedEmail, Mailer } from './mailer.js';
import type { Mailbox } from './message.js';

export interface MailRouterOptions {
  /** Default `/_kernel/mail`. */
  path?: string;
  /** Shows them to whoever sits at this machine, not to admins alone. Only where no proxy can stand in front; default true. */
  openLocally?: boolean;
}

/** A mail is somebody else's markup: it may be looked at, and nothing more. */
const MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

/**
 * The captured mails of a service without a mail server: a list for people and, as JSON, for scripts, and each mail by
 * itself. They hold links that sign people in, so they are shown on this machine only, or to admins.
 */
export function createMailRouter(mailer: Pick<Mailer, 'captured'>, options: MailRouterOptions = {}): TypedRouter {
  const { path = '/_kernel/mail', openLocally = true } = options;
  const protect = (ctx: HttpContext): void => {
    if (!openLocally || !isAskedFromHere(ctx)) getCurrentAdmin(ctx);
  };
  const router = createRouter({ tags: ['mail'], hidden: true }).use(noRateLimit());

  router.get(path, {}, async ({ ctx }) => {
    protect(ctx);
    ctx.set('Cache-Control', 'no-store');
    ctx.vary('Accept');
    if (ctx.accepts('json', 'html') !== 'html') return { mails: mailer.captured.map(onWire) };
    ctx.type = 'html';
    return listPage(mailer.captured, path);
  });

  router.get(`${path}/:id`, { params: z.object({ id: z.string() }) }, async ({ ctx, params }) => {
    protect(ctx);
    const mail = mailer.captured.find(({ id }) => id === params.id);
    if (!mail) throw new NotFoundError('Mail not found');
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Content-Security-Policy', MAIL_POLICY);
    ctx.type = mail.html === undefined ? 'text/plain; charset=utf-8' : 'html';
    return mail.html ?? mail.text ?? '';
  });
  return router;
}

/**
 * "This machine" is told by the socket, by the absence of a proxy, by a local host name (a foreign name that resolves
 * here is somebody's page reaching in), and by the browser's word that no other site asks. `Origin` comes with no plain
 * look at a page of this service, but with what a script of another one asks for.
 */
function isAskedFromHere(ctx: HttpContext): boolean {
  const peer = peerAddress(ctx.req) ?? '';
  const isLocalPeer = peer === '0:0:0:0:0:0:0:1' || peer.startsWith('127.');
  const isLocalName = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(ctx.host.replace(/:\d+$/, ''));
  const site = ctx.headers['sec-fetch-site'] ?? 'none';
  const isOwnSite = ctx.headers.origin === undefined && (site === 'none' || site === 'same-origin');
  return isLocalPeer && !isForwarded(ctx.req) && isLocalName && isOwnSite;
}

function onWire(mail: CapturedEmail): Record<string, unknown> {
  const { id, sentAt, from, replyTo, to, cc, bcc, subject, html, text, attachments } = mail;
  return {
    id,
    sent_at: sentAt.toISOString(),
    from: written(from),
    reply_to: replyTo ? written(replyTo) : null,
    to: to.map(written),
    cc: cc.map(written),
    bcc: bcc.map(written),
    subject,
    html: html ?? null,
    text: text ?? null,
    attachments: attachments.map(({ filename, content }) => ({ filename, size: Buffer.byteLength(content) })),
  };
}

function written({ name, address }: Mailbox): string {
  return name ? `${name} <${address}>` : address;
}

function listPage(mails: readonly CapturedEmail[], path: string): string {
  const rows = mails.map(
    ({ id, sentAt, to, subject }) =>
      `<tr><td>${escapeHtml(sentAt.toISOString())}</td><td>${escapeHtml(to.map(written).join(', '))}</td>` +
      `<td><a href="${escapeHtml(`${path}/${id}`)}">${escapeHtml(subject || '(no subject)')}</a></td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Captured mail</title>
<link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.4rem 0.8rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>Captured mail</h1>
<p>No mail server is configured, so mails are kept here: the newest ${mails.length}.</p>
<table>
<thead><tr><th>Sent</th><th>To</th><th>Subject</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table>
</body>
</html>
`;
}
