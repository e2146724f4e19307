import { OWN_PARAMETERS } from '../dialect/server-options.js';
import { UrlParameters, urlFault, withoutParameters } from '../dialect/url-parameters.js';

/**
 * What the driver is given for a URL: `postgresql://user:password@host:5432/name?sslmode=verify-full`, or
 * `postgresql:///name?host=/var/run/postgresql` for a Unix socket.
 * @throws SchemaError for a URL without a database; the URL itself is not repeated, for it holds a password.
 */
export function connectionString(url: string): string {
  const match = /^postgres(?:ql)?:\/\/([^/?#]*)\/([^?#]+)/i.exec(url);
  if (!match) {
    throw urlFault('names no database', 'postgresql://user:password@host:5432/name');
  }
  return withoutParameters(url, OWN_PARAMETERS).replace(/^postgres(?:ql)?:/i, 'postgresql:');
}

/** Whether the URL leads to a Unix socket. */
export function isSocket(url: string): boolean {
  const host = new UrlParameters(url).text('host') ?? /^postgres(?:ql)?:\/\/(?:[^@/?#]*@)?([^:/?#]*)/i.exec(url)?.[1];
  return /^(\/|%2f)/i.test(host ?? '');
}
