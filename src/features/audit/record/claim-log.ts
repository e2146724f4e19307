import { ConfigError, type ConfigFault } from '../../../base/errors.js';
import type { Database } from '../../../orm/index.js';
import { ensureState, OWNER, readState } from '../chain/audit-state.js';

/** Of a log beside the rows that it is about: whoever works on those shares their histories as well. */
const OWN_ROWS = 'the services whose rows are beside it';

/**
 * Claims the log for one service, whichever comes first; instances of it, and later starts, find it theirs. A record does
 * not say whose it is: changes of two services would be taken for one another's, and gaps in one be missed for the other.
 * @param service null where the log is in the database of the service itself
 * @throws ConfigError where it is claimed by another
 */
export async function claimLog(telemetry: Database, service: string | null): Promise<void> {
  await ensureState(OWNER, { db: telemetry });
  await telemetry.execute('UPDATE [kernel_audit_state] SET [value] = ? WHERE [id] = ? AND [value] = ?', [
    claimOf(service),
    OWNER,
    '',
  ]);
  const fault = await claimFault(telemetry, service);
  if (fault) throw new ConfigError('The service cannot start:', [fault]);
}

/** What keeps the service from claiming the log; undefined where nothing does. It only looks. */
export async function claimFault(telemetry: Database, service: string | null): Promise<ConfigFault | undefined> {
  const owner = await readState(OWNER, { db: telemetry });
  return owner === '' || owner === claimOf(service) ? undefined : claimed(owner, service);
}

function claimOf(service: string | null): string {
  return service === null ? OWN_ROWS : `the service "${service}"`;
}

function claimed(owner: string, service: string | null): ConfigFault {
  const fault = `names a database that keeps the records of ${owner}`;
  const release = `DELETE FROM kernel_audit_state WHERE id = '${OWNER}'`;
  if (service === null)
    return { field: 'databaseUrl', fault, mend: `Give that one another adminDbUrl, then run there: ${release}` };
  const mend = `Give "${service}" one of its own for its records; where a service was only renamed, run there: ${release}`;
  return { field: 'adminDbUrl', fault, mend };
}
