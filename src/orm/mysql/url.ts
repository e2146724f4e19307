import { isIP } from 'node:net';
import type { OpenOptions } from '../dialect/dialect.js';
import { type ServerOptions, serverOptions } from '../dialect/server-options.js';
import { UrlParameters, urlFault } from '../dialect/url-parameters.js';

/** Where a server is and how to talk to it, as a URL says. */
export interface ServerAddress extends ServerOptions {
  readonly host: string;
  readonly port: number;
  /** A unix socket, used instead of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const EXAMPLE = 'mysql://user:password@host:3306/database';

/**
 * Reads `mysql://user:password@host:3306/database?sslmode=verify-full&poolSize=10`, or
 * `mysql://user:password@localhost/database?socket=/run/mysqld/mysqld.sock`.
 * @throws SchemaError that never shows the password.
 */
export function serverAddress(url: string, options: OpenOptions): ServerAddress {
  const parsed = parse(url);
  const parameters = new UrlParameters(url);
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (database === '') throw urlFault('names no database', EXAMPLE);
  const host = decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, '$1')) || 'localhost';
  const socketPath = parameters.text('socket', 'socketPath');
  const server = serverOptions(url, options);
  // Nobody sits on the line of a socket, and the server's own client does not encrypt it either.
  const tls = socketPath === undefined ? server.tls : undefined;
  // The driver would compare the certificate with "localhost".
  if (tls?.verify === 'identity' && isIP(host))
    throw urlFault('verifies the name of a host that has none', "the host's name as its certificate has it");
  return {
    ...server,
    tls,
    host,
    port: Number(parsed.port || 3306),
    socketPath,
    user: decodeURIComponent(parsed.username) || 'root',
    password: decodeURIComponent(parsed.password),
    database,
  };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw urlFault('cannot be read', EXAMPLE);
  }
}
