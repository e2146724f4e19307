import type { EmailMessage } from './message.js';

/** A mail that asks its reader to do one thing. Every text may come from anybody: it is escaped. */
export interface ActionMail {
  to: string;
  subject: string;
  /** What happened, and what the code is for. */
  lines: readonly string[];
  /** Proves that the reader has the mail. */
  token: string;
  /** The page that takes `?token=`; without one the mail shows the bare token. */
  url: string | null;
  /** On the button. */
  label: string;
}

/** Puts the token behind `url`, whatever query that has already. */
export function tokenLink(url: string, token: string): string {
  const link = new URL(url);
  link.searchParams.set('token', token);
  return link.href;
}

/** The same in HTML and in plain text. */
export function actionMail({ to, subject, lines, token, url, label }: ActionMail): EmailMessage {
  const link = url === null ? null : tokenLink(url, token);
  const action = link === null ? `<p>Your code:</p><p><code>${escapeHtml(token)}</code></p>` : button(link, label);
  const html = `${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')}\n${action}`;
  const text = [...lines, link ?? `Your code: ${token}`].join('\n\n');
  return { to, subject: oneLine(subject), html: `<!doctype html>\n<meta charset="utf-8">\n${html}\n`, text };
}

/** For markup, in text and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function button(link: string, label: string): string {
  const href = escapeHtml(link);
  return `<p><a href="${href}">${escapeHtml(label)}</a></p>\n<p>${href}</p>`;
}

/** A name in a subject may hold what no header may: such a name must not keep the mail from going out. */
function oneLine(subject: string): string {
  return subject.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 200);
}
