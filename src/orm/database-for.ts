import { DatabaseHandle } from './database-handle.js';
import type { EntityTarget } from './entity/field-types.js';
import { entityMeta } from './entity/registry.js';
import { sessionFor } from './session/open-databases.js';
import type { VerbOptions } from './verbs/options.js';

/**
 * Where an entity's rows are right now: the given handle, else the ambient context, else the newest open database that
 * lists the entity.
 * @throws ConnectionError or SchemaError when there is none.
 */
export function databaseFor(entity: EntityTarget, options: VerbOptions = {}): DatabaseHandle {
  return new DatabaseHandle(sessionFor(entityMeta(entity), options.db?.session));
}
