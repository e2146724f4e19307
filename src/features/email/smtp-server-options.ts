import { ConfigError, type ConfigFault } from '../../base/errors.js';

/** Where mail goes out. `smtpUrl` wins over the single fields. */
export interface SmtpOptions {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte; user and password percent-encoded. */
  smtpUrl?: string | null;
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  /**
   * Refuse to send without TLS: implicit on port 465, STARTTLS elsewhere. Default true, except to this machine.
   * With `false` the connection is plain (port 465 stays implicit TLS).
   */
  useTls?: boolean;
  /** Authorities to trust instead of Node's, PEM. */
  ca?: string;
}

/** A server to connect to, in nodemailer's terms. */
export interface SmtpServer {
  host: string;
  port: number;
  secure: boolean;
  requireTLS: boolean;
  ignoreTLS: boolean;
  auth?: { user: string; pass: string };
  tls?: { ca: string };
}

const IMPLICIT_TLS_PORT = 465;
const SUBMISSION_PORT = 587;

/**
 * The server to use; undefined when none is configured.
 * @throws ConfigError for a malformed URL. It never repeats the URL, which may hold a password.
 */
export function resolveSmtpServer(options: SmtpOptions): SmtpServer | undefined {
  const { host, port, user, password, implicitTls } = options.smtpUrl
    ? parseSmtpUrl(options.smtpUrl)
    : fieldsOf(options);
  if (!host) return undefined;
  const secure = implicitTls || port === IMPLICIT_TLS_PORT;
  const useTls = options.useTls ?? true;
  const requireTLS = useTls && !secure && !isLoopback(host);
  return {
    host,
    port: port ?? (secure ? IMPLICIT_TLS_PORT : SUBMISSION_PORT),
    secure,
    requireTLS,
    ignoreTLS: !secure && !requireTLS,
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    ...(options.ca !== undefined && { tls: { ca: options.ca } }),
  };
}

interface SmtpFields {
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  implicitTls: boolean;
}

function fieldsOf({ host, port, user, password }: SmtpOptions): SmtpFields {
  return { host, port, user, password, implicitTls: false };
}

function parseSmtpUrl(text: string): SmtpFields {
  const mend =
    'Write it as smtp://user:password@host:587, with special characters of user and password percent-encoded';
  const refuse = (fault: string): ConfigError => {
    const faults: ConfigFault[] = [{ field: 'smtpUrl', fault, mend }];
    return new ConfigError('Mail cannot be sent as configured:', faults);
  };
  if (!URL.canParse(text)) throw refuse('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') throw refuse(`has the scheme ${url.protocol}//`);
  if (!url.hostname) throw refuse('names no host');
  try {
    return {
      host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
      ...(url.port && { port: Number(url.port) }),
      ...(url.username && { user: decodeURIComponent(url.username) }),
      ...(url.password && { password: decodeURIComponent(url.password) }),
      implicitTls: url.protocol === 'smtps:',
    };
  } catch {
    throw refuse('holds a "%" that begins no percent-encoding');
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
