import type { Client } from 'pg';
import type { OpenOptions } from '../dialect/dialect.js';
import { PostgresConnection } from './connection.js';
import { PostgresDriver } from './driver.js';
import { mapPostgresError } from './errors.js';
import { connectionString } from './url.js';

const DEFAULT_POOL_SIZE = 10;
const DEFAULT_STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Opens a pool. The driver package is loaded here and nowhere else. */
export async function openPostgres(url: string, options: OpenOptions): Promise<PostgresDriver> {
  const { default: pg } = await import('pg');
  const statementTimeoutMs = options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
  const config = {
    connectionString: connectionString(url),
    connectionTimeoutMillis: Math.min(options.acquireTimeoutMs, CONNECT_TIMEOUT_MS),
    keepAlive: true,
    fallback_application_name: 'app-kernel',
  };
  const open = async (): Promise<PostgresConnection> => {
    const client = new pg.Client(config);
    try {
      await client.connect();
      return await prepareSession(client, statementTimeoutMs);
    } catch (error) {
      void client.end().catch(() => {});
      throw mapPostgresError(error);
    }
  };
  return new PostgresDriver(open, await open(), {
    size: options.poolSize ?? DEFAULT_POOL_SIZE,
    statementTimeoutMs,
    closeTimeoutMs: options.acquireTimeoutMs,
  });
}

/** What values look like must not depend on how the server or the role is set up. */
async function prepareSession(client: Client, statementTimeoutMs: number): Promise<PostgresConnection> {
  const connection = new PostgresConnection(client);
  await client.query(
    `SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET extra_float_digits = 1;
     SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed';
     SET default_transaction_read_only = off; SET statement_timeout = ${statementTimeoutMs}`,
  );
  return connection;
}
