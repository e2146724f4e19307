import { once } from 'node:events';
import { connect } from 'node:net';
import type { KernelSettings } from '../../service/settings/settings.js';
import { type Finding, fault, ok, reasonOf, warning } from './finding.js';

const SUBJECT = 'mail';
const TIMEOUT_MS = 5_000;

/** Does the mail server take connections? Nothing is sent. */
export async function checkMail({ email }: KernelSettings, isProd: boolean): Promise<Finding[]> {
  if (email.smtpUrl === null) {
    if (!isProd) return [ok(SUBJECT, 'no server is named: mails are kept at /_kernel/mail')];
    const message = 'no server is named: nobody can verify an address or reset a password';
    return [warning(SUBJECT, message, 'Set SMTP_HOST and EMAIL_FROM')];
  }
  const { hostname, port, protocol } = new URL(email.smtpUrl);
  const where = `${hostname}:${port || (protocol === 'smtps:' ? 465 : 587)}`;
  const socket = connect({ host: hostname, port: Number(where.slice(where.lastIndexOf(':') + 1)) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return [ok(SUBJECT, `${where} takes connections`)];
  } catch (error) {
    const mend = 'Set SMTP_HOST and SMTP_PORT to where it listens, and let it through the firewall';
    return [fault(SUBJECT, `${where} cannot be reached (${reasonOf(error)})`, mend)];
  } finally {
    socket.destroy();
  }
}
