import { ConnectionPool } from '../pool/connection-pool.js';
import { Pace } from '../pool/pace.js';
import type { Flavor } from './flavor.js';
import type { ServerAddress } from './url.js';
import { killStatement } from './wire/cancel.js';
import { MysqlConnection, type Shared } from './wire/connection.js';
import { openConnection } from './wire/open-connection.js';
import { purposeOf } from './wire/purpose.js';

/** Opens a pool, and learns from its first connection what server that is. */
export async function openMysql(
  address: ServerAddress,
  closeTimeoutMs: number,
): Promise<{ flavor: Flavor; pool: ConnectionPool }> {
  const { raw, ...server } = await openConnection(address);
  const { flavor } = server;
  const { poolSize: size, statementTimeoutMs, idleTimeoutMs } = address;
  const pace = new Pace();
  const kill = (threadId: number): Promise<void> => killStatement(address, server, threadId);
  const shared: Shared = { ...server, statementTimeoutMs, pace, kill, keys: new Map() };
  const open = async (): Promise<MysqlConnection> =>
    new MysqlConnection((await openConnection(address, server)).raw, shared);
  const options = { size, statementTimeoutMs, idleTimeoutMs, closeTimeoutMs, pace, purposeOf };
  return { flavor, pool: new ConnectionPool(open, new MysqlConnection(raw, shared), options) };
}
