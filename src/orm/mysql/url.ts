import { SchemaError } from '../../base/errors.js';
import type { OpenOptions } from '../dialect/dialect.js';

type TlsMode = 'disable' | 'require' | 'verify';

/** Where a server is and how to talk to it, as a URL says. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** A unix socket, used instead of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsMode;
  /** Most connections at a time; default 10. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** Longest run of one statement, ms; 0 is no limit. */
  readonly statementTimeoutMs: number;
}

const TLS_MODES: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  disabled: 'disable',
  require: 'require',
  required: 'require',
  'verify-ca': 'verify',
  'verify-full': 'verify',
  verify_ca: 'verify',
  verify_identity: 'verify',
};

/**
 * Reads `mysql://user:password@host:3306/database?sslmode=verify-full&poolSize=10`. Parameters: `sslmode` (`disable`,
 * `require`, `verify-full`), `socket`, `poolSize`, `connectTimeoutMs`, `statementTimeoutMs`.
 * @throws SchemaError that never shows the password.
 */
export function serverAddress(url: string, options: OpenOptions): ServerAddress {
  const parsed = parse(url);
  const parameters = new Map([...parsed.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (database === '') throw fault('names no database', 'mysql://user:password@host:3306/database');
  return {
    host: decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, '$1')) || 'localhost',
    port: Number(parsed.port || 3306),
    socketPath: parameters.get('socket') ?? parameters.get('socketpath'),
    user: decodeURIComponent(parsed.username) || 'root',
    password: decodeURIComponent(parsed.password),
    database,
    tls: tlsMode(parameters.get('sslmode') ?? parameters.get('ssl-mode')),
    poolSize: number(parameters, 'poolSize', options.poolSize ?? 10, 1),
    connectTimeoutMs: number(parameters, 'connectTimeoutMs', Math.min(options.acquireTimeoutMs, 10_000), 1),
    statementTimeoutMs: number(parameters, 'statementTimeoutMs', options.statementTimeoutMs ?? 30_000, 0),
  };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw fault('cannot be read', 'mysql://user:password@host:3306/database');
  }
}

function tlsMode(text: string | undefined): TlsMode {
  if (text === undefined) return 'disable';
  const mode = TLS_MODES[text.toLowerCase()];
  if (mode) return mode;
  throw fault(`has the unknown sslmode "${text}"`, 'sslmode=disable, require or verify-full');
}

function number(parameters: ReadonlyMap<string, string>, name: string, fallback: number, least: number): number {
  const text = parameters.get(name.toLowerCase());
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw fault(`has a ${name} that is no whole number from ${least}`, `${name}=${fallback}`);
}

function fault(what: string, mend: string): SchemaError {
  return new SchemaError(`The database URL ${what}; write ${mend}`);
}
