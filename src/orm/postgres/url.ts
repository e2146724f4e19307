import { SchemaError } from '../../base/errors.js';

/**
 * What the driver is given for a URL: `postgresql://user:password@host:5432/name?sslmode=verify-full`, or
 * `postgresql:///name?host=/var/run/postgresql` for a Unix socket.
 * @throws SchemaError for a URL without a database; the URL itself is not repeated, for it holds a password.
 */
export function connectionString(url: string): string {
  const match = /^postgres(?:ql)?:\/\/([^/?#]*)\/([^?#]+)/i.exec(url);
  if (!match) {
    throw new SchemaError('The URL names no database; write postgresql://user:password@host:5432/name');
  }
  return url.replace(/^postgres(?:ql)?:/i, 'postgresql:');
}
