import type { SessionHandle } from '../../orm/index.js';

/** Of one call. */
export interface OnDatabase {
  /** Where the rows are. Default the database of the service, or the ambient transaction on it. */
  db?: SessionHandle | undefined;
}
