import type { ConnectionOptions, Connection as RawConnection, SslOptions } from 'mysql2';
import type { TlsSettings } from '../../dialect/tls.js';
import { mapMysqlError } from '../errors.js';
import { type Flavor, flavorOf } from '../flavor.js';
import type { ServerAddress } from '../url.js';

const LOCK_WAIT_SECONDS = 10;

/**
 * Text is quoted, joined and escaped as on the other engines, and nothing that does not fit is stored as something else.
 */
const SQL_MODE = [
  'ANSI_QUOTES',
  'PIPES_AS_CONCAT',
  'NO_BACKSLASH_ESCAPES',
  'STRICT_ALL_TABLES',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
].join();

interface OpenedConnection {
  readonly raw: RawConnection;
  readonly flavor: Flavor;
  /** Most bytes of one request; the server hangs up on whoever sends more. */
  readonly longestRequest: number;
}

/** What is known of a server from an earlier connection. */
export type KnownServer = Omit<OpenedConnection, 'raw'>;

/** Opens a connection and sets its session up. The driver package is loaded here and nowhere else. */
export async function openConnection(address: ServerAddress, known?: KnownServer): Promise<OpenedConnection> {
  const { createConnection } = await import('mysql2');
  const raw = createConnection(driverOptions(address));
  try {
    await new Promise<void>((resolve, reject) => {
      raw.once('error', reject);
      raw.connect((error) => (error ? reject(error) : resolve()));
    });
    // A fault between two statements must not end the process; the next statement reports it.
    raw.on('error', () => {});
    const server = known ?? (await askServer(raw));
    await query(raw, sessionSql(server.flavor, address));
    return { raw, ...server };
  } catch (error) {
    raw.destroy();
    throw mapMysqlError(error, '');
  }
}

function driverOptions(address: ServerAddress): ConnectionOptions {
  const { host, port, socketPath, user, password, database, tls, connectTimeoutMs } = address;
  return {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    ...(tls && { ssl: tlsOptions(tls) }),
    user,
    password,
    database,
    connectTimeout: connectTimeoutMs,
    charset: 'UTF8MB4_BIN',
    rowsAsArray: true,
    // A server must not be able to ask for files of this machine, and requests are written without attributes.
    flags: ['-LOCAL_FILES', '-CLIENT_QUERY_ATTRIBUTES'],
  };
}

function tlsOptions({ verify, material }: TlsSettings): SslOptions {
  const options = { rejectUnauthorized: verify !== 'nothing', verifyIdentity: verify === 'identity' };
  return { ...(material as SslOptions), ...options };
}

function sessionSql(flavor: Flavor, address: ServerAddress): string {
  const settings = [
    `NAMES utf8mb4 COLLATE ${flavor.collation}`,
    `SESSION sql_mode = '${SQL_MODE}'`,
    `SESSION time_zone = '+00:00'`,
    `SESSION ${flavor.isolationVariable} = 'READ-COMMITTED'`,
    `SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`,
    `SESSION ${statementLimitSql(flavor, address.statementTimeoutMs)}`,
    ...(flavor.snapshotConflicts ? ['SESSION innodb_snapshot_isolation = ON'] : []),
  ];
  return `SET ${settings.join(', ')}`;
}

/** @param timeoutMs 0 is no limit. */
export function statementLimitSql({ statementLimit }: Flavor, timeoutMs: number): string {
  return `${statementLimit.variable} = ${(timeoutMs / 1000) * statementLimit.perSecond}`;
}

function query(raw: RawConnection, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    raw.query(sql, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
  });
}

async function askServer(raw: RawConnection): Promise<KnownServer> {
  const [row] = (await query(raw, 'SELECT VERSION(), @@max_allowed_packet')) as Array<[string, number]>;
  const [version = '', longestRequest = 0] = row ?? [];
  return { flavor: flavorOf(version), longestRequest };
}
