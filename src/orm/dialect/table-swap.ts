import type { Connection } from './driver.js';
import type { SchemaStep, TableShape } from './shape.js';

/** One table that takes the name of another one, or gives its own away. */
export interface TableRename {
  readonly from: string;
  readonly to: string;
}

/** How whole tables take the place of others, where a change of tables cannot be rolled back. */
export interface TableSwap {
  /** On a connection of its own: from now on nobody writes to these tables; what others have begun is waited for. */
  hold(connection: Pick<Connection, 'run'>, tables: readonly string[]): Promise<void>;
  /**
   * Lets the next one have the tables. Who waits to rename them asks for one after the other: it comes before those who wait
   * to write to the first, but a write that waits for another table is done before the renaming is.
   */
  release(connection: Pick<Connection, 'run'>): Promise<void>;
  /** Whether the database has one of these tables. */
  hasAny(connection: Pick<Connection, 'all'>, tables: readonly string[]): Promise<boolean>;
  /** Whether a renaming of tables waits for those who hold them. */
  isAwaited(connection: Pick<Connection, 'all'>): Promise<boolean>;
  /** A query for one row that says what a table holds: another one after any write, but for one in some billions. */
  content(table: TableShape): string;
  /** All of it or nothing, also when the server dies. */
  rename(renames: readonly TableRename[]): SchemaStep;
  /** Runs steps on tables that nobody else reads or writes meanwhile. */
  alone(tables: readonly string[], steps: readonly SchemaStep[]): SchemaStep[];
  /** Two tables of a database cannot have a check of the same name. */
  readonly sharesCheckNames: boolean;
}
