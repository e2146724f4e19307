import { domainToASCII } from 'node:url';
import { ValidationError, type ValidationIssue } from '../../base/errors.js';

/** `user@example.com` or `Name <user@example.com>`. */
export type EmailAddress = string;

export interface EmailAttachment {
  filename: string;
  content: string | Buffer;
  contentType?: string;
}

/** A mail. At least one of `html`, `text` and `body` is needed. */
export interface EmailMessage {
  to: EmailAddress | readonly EmailAddress[];
  subject: string;
  /** The HTML part; or `true`, when `body` is HTML. */
  html?: string | boolean;
  /** Plain text, or HTML with `html: true`. */
  body?: string;
  text?: string;
  cc?: EmailAddress | readonly EmailAddress[];
  bcc?: EmailAddress | readonly EmailAddress[];
  /** Default the mailer's. */
  from?: EmailAddress;
  replyTo?: EmailAddress;
  attachments?: readonly EmailAttachment[];
  /** Further headers by name. */
  headers?: Readonly<Record<string, string>>;
}

export interface Mailbox {
  name: string;
  address: string;
}

/** A checked mail: every address parsed, every header free of line breaks. */
export interface PreparedEmail {
  from: Mailbox;
  replyTo?: Mailbox;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  subject: string;
  html?: string;
  text?: string;
  attachments: readonly EmailAttachment[];
  headers: Readonly<Record<string, string>>;
}

export interface EmailDefaults {
  from?: EmailAddress;
  replyTo?: EmailAddress;
}

/** What most servers accept, encoded attachments included. */
const MAX_BYTES = 25 * 1024 * 1024;
/** RFC 5322 §2.1.1: the longest line. */
const MAX_SUBJECT = 998;
/** Unquoted local parts only: a quoted one (`"a@evil.com"@b.com`) is read differently by different servers. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,75}$/;
/** Set through their own fields, where they are checked. */
const OWN_HEADERS = /^(from|to|cc|bcc|reply-to|sender|return-path|subject|content-.*|mime-version)$/i;

/** @throws ValidationError naming every fault of the mail. */
export function prepareEmail(message: EmailMessage, defaults: EmailDefaults = {}): PreparedEmail {
  const issues: ValidationIssue[] = [];
  const fault = (msg: string, type: string, ...loc: Array<string | number>): void => {
    issues.push({ loc, msg, type });
  };
  const one = (address: unknown, ...loc: Array<string | number>): Mailbox => {
    const mailbox = parseMailbox(address);
    if (typeof mailbox !== 'string') return mailbox;
    fault(mailbox, 'email', ...loc);
    return { name: '', address: '' };
  };
  const many = (field: 'to' | 'cc' | 'bcc'): Mailbox[] => {
    const given: unknown = message[field];
    if (given === undefined) return [];
    return Array.isArray(given) ? given.map((address, index) => one(address, field, index)) : [one(given, field)];
  };

  const from = message.from ?? defaults.from;
  const replyTo = message.replyTo ?? defaults.replyTo;
  const prepared: PreparedEmail = {
    from: from === undefined ? { name: '', address: '' } : one(from, 'from'),
    ...(replyTo !== undefined && { replyTo: one(replyTo, 'replyTo') }),
    to: many('to'),
    cc: many('cc'),
    bcc: many('bcc'),
    subject: message.subject,
    ...bodyOf(message),
    attachments: message.attachments ?? [],
    headers: message.headers ?? {},
  };
  if (from === undefined) fault('no sender: set emailFrom, or from', 'missing', 'from');
  if (prepared.to.length === 0) fault('no recipient', 'missing', 'to');
  checkSubject(message.subject, fault);
  if (prepared.html === undefined && prepared.text === undefined)
    fault('no content: give html, text or body', 'missing', 'body');
  for (const [name, value] of Object.entries(prepared.headers)) checkHeader(name, value, fault);
  if (sizeOf(prepared) > MAX_BYTES) fault('the mail is larger than 25 MB', 'too_large', 'attachments');
  if (issues.length > 0) throw new ValidationError(issues);
  return prepared;
}

type Fault = (msg: string, type: string, ...loc: Array<string | number>) => void;

/** A parsed address, or what is wrong with it; the address itself is not repeated, it may be anything. */
function parseMailbox(given: unknown): Mailbox | string {
  if (typeof given !== 'string' || given.trim() === '') return 'is empty';
  if (CONTROL.test(given)) return 'holds a line break or another control character';
  const named = /^([^<>]*)<([^<>]*)>$/.exec(given.trim());
  const name = (named?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1');
  const address = (named ? (named[2] ?? '') : given).trim();
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(0, at));
  const domain = domainToASCII(address.slice(at + 1));
  if (at < 1 || local.length > 64 || domain.length > 253) return 'is not an e-mail address';
  if (!LOCAL_PART.test(local) || !DOMAIN.test(domain)) return 'is not an e-mail address (quoted ones are not accepted)';
  return { name, address: `${local}@${domain}` };
}

function bodyOf({ html, body, text }: EmailMessage): { html?: string; text?: string } {
  const markup = typeof html === 'string' ? html : html === true ? body : undefined;
  const plain = text ?? (html === true ? undefined : body);
  return { ...(markup !== undefined && { html: markup }), ...(plain !== undefined && { text: plain }) };
}

function checkSubject(subject: unknown, fault: Fault): void {
  if (typeof subject !== 'string') fault('is missing', 'missing', 'subject');
  else if (CONTROL.test(subject)) fault('holds a line break or another control character', 'header', 'subject');
  else if (subject.length > MAX_SUBJECT) fault(`is longer than ${MAX_SUBJECT} characters`, 'too_long', 'subject');
}

function checkHeader(name: string, value: unknown, fault: Fault): void {
  if (!HEADER_NAME.test(name) || OWN_HEADERS.test(name)) fault('cannot be set as a header', 'header', 'headers', name);
  else if (typeof value !== 'string' || CONTROL.test(value))
    fault('is not one line of text', 'header', 'headers', name);
}

function sizeOf({ html = '', text = '', attachments }: PreparedEmail): number {
  const encoded = attachments.reduce((sum, { content }) => sum + Math.ceil(Buffer.byteLength(content) / 3) * 4, 0);
  return Buffer.byteLength(html) + Buffer.byteLength(text) + encoded;
}
