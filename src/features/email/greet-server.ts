import { ConnectionError } from '../../base/errors.js';
import { emailFailure } from './email-error.js';
import type { SmtpServer } from './smtp-server-options.js';

/** All in ms. */
export interface MailTimeouts {
  /** Until the server is connected and has greeted. Default 10,000. */
  connectMs?: number;
  /** Without a byte from the server. Default 30,000. */
  idleMs?: number;
  /** For one mail from beginning to end, however slowly the server drips. Default 60,000. */
  sendMs?: number;
}

/** What came of a conversation in which nothing was sent. */
export interface SmtpGreeting {
  /** Whether TLS was agreed on. */
  secure: boolean;
  /** Whether it took our login: false where none is configured, and where it offers none. */
  signedIn: boolean;
}

/** How a connection is made, for sending and for looking alike. */
export function connectionOptions(server: SmtpServer, { connectMs = 10_000, idleMs = 30_000 }: MailTimeouts = {}) {
  return {
    ...server,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: idleMs,
    dnsTimeout: connectMs,
    socketCloseTimeout: 1_000,
  };
}

/**
 * Connects, agrees on TLS and signs in as for a mail, and hangs up.
 * @throws ConnectionError, TimeoutError or KernelError `E_EMAIL_REJECTED`, as `Mailer.send` does
 */
export async function greetServer(server: SmtpServer, timeouts: MailTimeouts = {}): Promise<SmtpGreeting> {
  const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection');
  const connection = new SMTPConnection(connectionOptions(server, timeouts));
  const { auth } = server;
  const signal = AbortSignal.timeout(timeouts.sendMs ?? 60_000);
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      connection.on('error', reject);
      connection.once('end', () => reject(new ConnectionError('The mail server hung up')));
      connection.connect((fault) => {
        if (fault) return reject(fault);
        const { secure, allowsAuth } = connection;
        if (!auth || !allowsAuth) return resolve({ secure, signedIn: false });
        connection.login({ user: auth.user, credentials: auth }, (refusal) =>
          refusal ? reject(refusal) : resolve({ secure, signedIn: true }),
        );
      });
    });
  } catch (error) {
    throw emailFailure(error);
  } finally {
    connection.close();
  }
}
