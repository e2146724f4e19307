import { ValidationError } from '../../../base/errors.js';
import { suggestion } from '../../entity/naming.js';
import type { DatabaseCore } from '../database-core.js';
import type { QueryEvent } from './query-event.js';
import type { ChangeEvent, WriteEvent } from './write-event.js';

/** What `db.on` tells of, by name. */
export interface DatabaseEvents {
  write: WriteEvent;
  change: ChangeEvent;
  query: QueryEvent;
  slow: QueryEvent;
}

type Listener<Event> = (event: Event) => unknown;
type Subscriptions = {
  [Name in keyof DatabaseEvents]: (core: DatabaseCore, listener: Listener<DatabaseEvents[Name]>) => () => void;
};

const SUBSCRIPTIONS: Subscriptions = {
  write: (core, listener) => core.onWrite(listener),
  change: (core, listener) => core.onChange(listener),
  query: (core, listener) => core.watch.onQuery.add(listener),
  slow: (core, listener) => core.watch.onSlow.add(listener),
};

/** @returns what takes the listener off again. @throws ValidationError for an event that does not exist. */
export function subscribe<Name extends keyof DatabaseEvents>(
  core: DatabaseCore,
  event: Name,
  listener: Listener<DatabaseEvents[Name]>,
): () => void {
  if (Object.hasOwn(SUBSCRIPTIONS, event)) return SUBSCRIPTIONS[event](core, listener);
  const known = Object.keys(SUBSCRIPTIONS);
  throw new ValidationError([], `A database has no event "${event}"${suggestion(event, known)}`);
}
