import type { ConnectionOptions } from 'node:tls';
import type { Client } from 'pg';
import type { OpenOptions } from '../dialect/dialect.js';
import type { NativeBackup } from '../dialect/native-backup.js';
import { serverOptions } from '../dialect/server-options.js';
import type { TlsSettings } from '../dialect/tls.js';
import { urlFault } from '../dialect/url-parameters.js';
import { ConnectionPool } from '../pool/connection-pool.js';
import { Pace } from '../pool/pace.js';
import { mapPostgresError } from './errors.js';
import { postgresNativeBackup } from './native-backup.js';
import { connectionString, isSocket } from './url.js';
import { PostgresConnection } from './wire/connection.js';
import { purposeOf } from './wire/purpose.js';

/** Opens a pool. The driver package is loaded here and nowhere else. */
export async function openPostgres(
  url: string,
  options: OpenOptions,
): Promise<{ pool: ConnectionPool; native: NativeBackup }> {
  const { default: pg } = await import('pg');
  const { poolSize, connectTimeoutMs, statementTimeoutMs, idleTimeoutMs, tls } = serverOptions(url, options);
  const config = {
    connectionString: connectionString(url),
    connectionTimeoutMillis: connectTimeoutMs,
    ssl: tls && !isSocket(url) && tlsOptions(tls),
    keepAlive: true,
    fallback_application_name: 'app-kernel',
  };
  const fresh = (): Client => clientOf(() => new pg.Client(config));
  const pace = new Pace();
  const open = async (): Promise<PostgresConnection> => {
    const client = fresh();
    client.on('error', () => {}); // whoever waits for the client hears of it
    try {
      await client.connect();
      await prepareSession(client, statementTimeoutMs);
      return new PostgresConnection(client, fresh, pace);
    } catch (error) {
      void client.end().catch(() => {});
      throw mapPostgresError(error);
    }
  };
  const pool = new ConnectionPool(open, await open(), {
    size: poolSize,
    statementTimeoutMs,
    idleTimeoutMs,
    closeTimeoutMs: options.acquireTimeoutMs,
    pace,
    purposeOf,
  });
  return { pool, native: postgresNativeBackup(fresh(), config.ssl === false ? undefined : tls) };
}

/** The driver's own error would repeat the URL, and with it the password. */
function clientOf(make: () => Client): Client {
  try {
    return make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_INVALID_URL') throw error;
    throw urlFault('cannot be read', 'postgresql://user:password@host:5432/name');
  }
}

function tlsOptions({ verify, material }: TlsSettings): ConnectionOptions {
  const anyName = verify === 'authority' && { checkServerIdentity: () => undefined };
  return { ...material, rejectUnauthorized: verify !== 'nothing', ...anyName };
}

/** What values look like must not depend on how the server or the role is set up. */
async function prepareSession(client: Client, statementTimeoutMs: number): Promise<void> {
  await client.query(
    `SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET extra_float_digits = 1;
     SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed';
     SET default_transaction_read_only = off; SET statement_timeout = ${statementTimeoutMs}`,
  );
}
