import { SchemaError } from '../../../base/errors.js';
import type { OpenOptions } from '../../dialect/dialect.js';
import type { DatabaseCore } from '../database-core.js';
import { openEngine } from '../engines.js';
import { Lender } from '../lender.js';
import { Replica } from './replica.js';

/**
 * Opens the replicas of a database and lets them read. One that cannot be reached is tried again later.
 * @throws SchemaError for a URL that can never be a replica; the database is closed then.
 */
export async function openReplicas(core: DatabaseCore, urls: readonly string[], options: OpenOptions): Promise<void> {
  if (urls.length === 0) return;
  const replicas = urls.map((url, index) => {
    const { clock, logger } = core;
    return new Replica({ open: () => openReplica(core, url, index + 1, options), clock, logger, position: index + 1 });
  });
  core.readFrom(replicas);
  const openings = await Promise.allSettled(replicas.map((replica) => replica.open()));
  const fault = openings.find((opening) => opening.status === 'rejected');
  if (!fault) return;
  await core.close();
  throw fault.reason;
}

async function openReplica(core: DatabaseCore, url: string, position: number, options: OpenOptions): Promise<Lender> {
  const { dialect, driver } = await openEngine(url, options);
  if (dialect.name === core.dialect.name) return new Lender(driver, core.watch, options.acquireTimeoutMs);
  await driver.close();
  throw new SchemaError(`Replica ${position} is ${dialect.name}, but the database is ${core.dialect.name}`);
}
