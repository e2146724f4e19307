import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as it arrived. */
export interface CaughtMail {
  from: string;
  to: string[];
  raw: string;
  secure: boolean;
}

/** A real SMTP server on a free port of this machine. */
export interface SmtpCatcher {
  port: number;
  mails: CaughtMail[];
  /** Log-ins that were tried, `user:password`. */
  logins: string[];
  close(): Promise<void>;
}

/** Takes every mail, and every log-in unless `password` is given; recipients that begin with `refused` are refused. */
export async function startSmtpCatcher(options: SMTPServerOptions & { password?: string } = {}): Promise<SmtpCatcher> {
  const { password, ...rest } = options;
  const mails: CaughtMail[] = [];
  const logins: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: (auth, _session, done) => {
      logins.push(`${auth.username}:${auth.password}`);
      const isRight = password === undefined || auth.password === password;
      done(isRight ? null : new Error('Wrong log-in'), isRight ? { user: auth.username } : undefined);
    },
    onRcptTo: (address, _session, done) => {
      done(
        address.address.startsWith('refused') ? Object.assign(new Error('No such user'), { responseCode: 550 }) : null,
      );
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
          secure: Boolean(session.secure),
        });
        done();
      });
    },
    ...rest,
  });
  server.on('error', () => {}); // a client that refuses the certificate is what some tests are about
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
