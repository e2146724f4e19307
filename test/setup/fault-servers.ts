import {
  findMysql,
  findPostgres,
  findRedis,
  startMysql,
  startPostgres,
  startRedis,
} from '../../scripts/servers/index.mjs';

/** A kind of server that a fault test may kill, pause and restart, because it starts its own. */
export interface FaultServer {
  name: string;
  start: typeof startRedis;
}

/**
 * One entry where redis-server is installed, none elsewhere; the runner says so and demands it in CI:
 * `for (const server of FAULT_REDIS) it(`survives … (${server.name})`, …)`.
 */
export const FAULT_REDIS: readonly FaultServer[] = findRedis() ? [{ name: 'redis-server', start: startRedis }] : [];

/** The same for SQL servers, of the engines whose suites they run. */
export const FAULT_SQL: ReadonlyArray<FaultServer & { engine: 'postgres' | 'mysql' }> = [
  ...(findPostgres() ? [{ name: 'postgres', engine: 'postgres' as const, start: startPostgres }] : []),
  ...(findMysql() ? [{ name: 'mysqld', engine: 'mysql' as const, start: startMysql }] : []),
];
