import type { OnDelete } from '../entity/field-types.js';

/** One column as the engine itself describes it. */
export interface ColumnShape {
  readonly name: string;
  /** The engine's own type text. */
  readonly type: string;
  readonly nullable: boolean;
  /** An SQL literal. */
  readonly default: string | undefined;
}

export interface CheckShape {
  readonly name: string;
  /** SQL with the engine's own quotes. */
  readonly expression: string;
}

export interface ForeignKeyShape {
  /** As the database calls it; a wanted one has none yet. */
  readonly name?: string;
  readonly column: string;
  /** The table whose `id` is referenced. */
  readonly table: string;
  readonly onDelete: OnDelete;
}

export interface IndexShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
  /** Only rows that are not soft-deleted are indexed. */
  readonly liveOnly: boolean;
}

/** One table, desired or found. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  readonly primaryKey: readonly string[];
  readonly checks: readonly CheckShape[];
  readonly foreignKeys: readonly ForeignKeyShape[];
  readonly indexes: readonly IndexShape[];
}

/** Fills a column from an older one while the table changes. */
export interface ColumnCopy {
  readonly from: string;
  readonly to: string;
  /** Also over values that are already there: the older column is the living one. */
  readonly overwrite: boolean;
}

/** One statement of a migration. */
export interface SchemaStep {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly description: string;
  /** Runs when every table is there. */
  readonly afterTables?: boolean;
}
