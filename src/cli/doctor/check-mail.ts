import { isKernelError } from '../../base/errors.js';
import { createMailer } from '../../features/email/index.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { type Finding, fault, ok, reasonOf, warning } from './finding.js';

const SUBJECT = 'mail';
/** For the conversation as a whole. */
const TIMEOUT_MS = 5_000;

/** Does the mail server take our connection and our login? Nothing is sent. */
export async function checkMail({ email }: KernelSettings, isProd: boolean): Promise<Finding[]> {
  if (email.smtpUrl === null) {
    if (!isProd) return [ok(SUBJECT, 'no server is named: mails are kept at /_kernel/mail')];
    const message = 'no server is named: nobody can verify an address or reset a password';
    return [warning(SUBJECT, message, 'Set SMTP_HOST and EMAIL_FROM')];
  }
  const { hostname, port, protocol, username } = new URL(email.smtpUrl);
  const where = `${hostname}:${port || (protocol === 'smtps:' ? 465 : 587)}`;
  const mailer = createMailer({ ...email, timeouts: { sendMs: TIMEOUT_MS } });
  try {
    const { secure, signedIn } = (await mailer.greet()) ?? { secure: false, signedIn: false };
    const how = secure ? 'over TLS' : 'without TLS';
    if (signedIn) return [ok(SUBJECT, `${where} takes the login, ${how}`)];
    if (username === '') return [ok(SUBJECT, `${where} takes connections, ${how}; no login is named`)];
    const mend = 'Set SMTP_PORT to one for submission (587 or 465), or leave SMTP_USER out';
    return [warning(SUBJECT, `${where} offers no login ${how}: mails go out without it`, mend)];
  } catch (error) {
    return [fault(SUBJECT, `${where}: ${messageOf(error)}`, mendOf(error))];
  }
}

/** Of a connection also what Node says of it; what the server says may hold addresses. */
function messageOf(error: unknown): string {
  const isConnection = isKernelError(error) && error.code === 'E_CONNECTION' && error.cause instanceof Error;
  return isConnection ? `${error.message} (${reasonOf(error.cause)})` : reasonOf(error);
}

function mendOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ETLS' || /certificate|TLS|SSL/i.test(reasonOf(cause)))
    return 'Set SMTP_PORT to one with TLS, and SMTP_HOST to the name in its certificate';
  if (code === 'EAUTH') return 'Set SMTP_USER and SMTP_PASSWORD to a login that it takes';
  if (isKernelError(error) && error.code === 'E_EMAIL_REJECTED') return 'See the log of the mail server';
  return 'Set SMTP_HOST and SMTP_PORT to where it listens, and let it through the firewall';
}
