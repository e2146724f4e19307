import { ConfigError, type ConfigFault } from '../../base/errors.js';
import type { WorkerPlace } from '../env/index.js';

/** @throws ConfigError where several workers would each have a memory of their own in place of a server they share. */
export function refuseUnshared(
  { count }: WorkerPlace,
  engines: { redisInMemory: boolean; databaseInMemory: boolean },
): void {
  if (count === 1) return;
  const faults: ConfigFault[] = [];
  const fault = `is in memory, and each of ${count} workers would have its own`;
  if (engines.redisInMemory) {
    faults.push({ field: 'redisUrl', fault, mend: 'Set REDIS_URL to a Redis that they share, or start one worker' });
  }
  if (engines.databaseInMemory) {
    faults.push({ field: 'databaseUrl', fault, mend: 'Name a file or a server, or start one worker' });
  }
  if (faults.length > 0) throw new ConfigError('Several workers cannot start:', faults);
}
