import { currentContext } from '../../base/context.js';
import { ConnectionError, SchemaError } from '../../base/errors.js';
import { type ServiceKey, serviceKey } from '../../base/services.js';
import type { EntityMeta } from '../entity/metadata.js';
import { ambientScope, currentSession } from './ambient.js';
import type { DatabaseCore } from './database-core.js';
import type { Session } from './session.js';

const open: DatabaseCore[] = [];

/** The database of a kernel: what its requests and jobs use before any other open one. */
export const databaseService: ServiceKey<{ readonly session: Session }> = serviceKey('database');

/** @throws ConnectionError when the kernel this runs for has ended: its rows must not go to another one's database. */
function kernelDatabase(): DatabaseCore | undefined {
  const { services } = currentContext();
  if (services?.isClosed) throw new ConnectionError('The kernel that this work belongs to has been closed');
  return services?.get(databaseService)?.session.core;
}

export function rememberOpen(core: DatabaseCore): void {
  open.push(core);
}

export function forgetOpen(core: DatabaseCore): void {
  const index = open.indexOf(core);
  if (index >= 0) open.splice(index, 1);
}

/** The ambient database, else the newest open one. @throws ConnectionError when none is open. */
export function newestDatabase(): DatabaseCore {
  const core = ambientScope()?.core ?? kernelDatabase() ?? open.at(-1);
  if (!core) throw new ConnectionError('No database is open; call connect(url) first');
  return core;
}

/**
 * Where an entity's rows are: the given session, else the ambient one, else the newest open database that lists it.
 * @throws SchemaError or ConnectionError when there is none.
 */
export function sessionFor(meta: EntityMeta, given: Session | undefined): Session {
  if (given) {
    if (given.core.lists(meta.entity)) return currentSession(given);
    throw new SchemaError(
      `${meta.name} is not among the entities of this database; add it to connect(url, { entities })`,
    );
  }
  for (let scope = ambientScope(); scope; scope = scope.enclosing) if (scope.core.lists(meta.entity)) return scope;
  const preferred = kernelDatabase();
  if (preferred?.lists(meta.entity)) return preferred;
  const core = open.findLast((candidate) => candidate.lists(meta.entity));
  if (core) return core;
  if (open.length === 0) throw new ConnectionError(`No database is open for ${meta.name}; call connect(url) first`);
  throw new SchemaError(`No open database lists ${meta.name}; add it to connect(url, { entities })`);
}
