import type { ConnectOptions, Database } from '../../../src/orm/index.js';

/** One engine, as the conformance suites see it: every `connect` opens a fresh, empty database. */
export interface Backend {
  readonly name: string;
  /** Opens a fresh database; it is removed once it is closed by `cleanUp`. */
  connect(options?: ConnectOptions): Promise<Database>;
  /** Opens the database that `first` has open a second time, as another instance would; `undefined` where it cannot. */
  reconnect: ((first: Database, options?: ConnectOptions) => Promise<Database>) | undefined;
  /** Where that database is. */
  urlOf(db: Database): string;
  cleanUp(): Promise<void>;
}
