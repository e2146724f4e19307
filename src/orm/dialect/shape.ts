import type { OnDelete } from '../entity/field-types.js';

/** One column as the engine itself describes it. */
export interface ColumnShape {
  readonly name: string;
  /** The engine's own type text. */
  readonly type: string;
  readonly nullable: boolean;
  /** An SQL literal. */
  readonly default: string | undefined;
  /** A row that comes without a value gets the next number. */
  readonly counter?: Counter;
  /** A condition that is part of the column, on engines where defining the column anew would lose it. */
  readonly check?: string;
  /** The engine computes its values; nobody writes any. */
  readonly generated?: GeneratedColumn;
}

export interface Counter {
  /** What counts, where that has a name and is gone with the column. */
  readonly sequence?: string;
  /** From one number to the next, where that is not 1. */
  readonly step?: number;
  /** Nobody else may number a row. */
  readonly always?: true;
  /** Numbers of rows that are gone may be given again. */
  readonly reuses?: true;
}

export interface GeneratedColumn {
  /** SQL with the engine's own quotes. */
  readonly expression: string;
  /** Whether values are kept in the rows, and not computed whenever they are read. */
  readonly stored: boolean;
}

export interface CheckShape {
  readonly name: string;
  /** SQL with the engine's own quotes. */
  readonly expression: string;
  /** `false` while rows that were there before it have not been looked at. */
  readonly validated?: boolean;
}

export interface ForeignKeyShape {
  /** As the database calls it; a wanted one has none yet. */
  readonly name?: string;
  /** The first one, where there are several. */
  readonly column: string;
  /** The table whose `id` is referenced. */
  readonly table: string;
  readonly onDelete: OnDelete;
  /** Its columns, each with the one that it names, where that is not one column and an `id`. */
  readonly pairs?: ReadonlyArray<readonly [column: string, named: string]>;
  /** What becomes of a row where those columns change; refused where left out. */
  readonly onUpdate?: OnDelete;
  /** `false` while rows that were there before it have not been looked at. */
  readonly validated?: boolean;
}

/** The columns of a reference, and those that they name. */
export function pairsOf({ column, pairs }: ForeignKeyShape): ReadonlyArray<readonly [column: string, named: string]> {
  return pairs ?? [[column, 'id']];
}

/** What a database tells of a reference, in as few words as one of an entity has. */
export function foundReference(
  pairs: ReadonlyArray<readonly [column: string, named: string]>,
  { onUpdate, ...key }: Omit<ForeignKeyShape, 'column' | 'pairs'>,
): ForeignKeyShape {
  const [[column, named] = ['', 'id']] = pairs;
  return {
    ...key,
    column,
    ...((pairs.length > 1 || named !== 'id') && { pairs }),
    ...(onUpdate !== undefined && onUpdate !== 'restrict' && { onUpdate }),
  };
}

export interface IndexShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
  /** Only rows that are not soft-deleted are indexed. */
  readonly liveOnly: boolean;
  /** Those of the columns that run downwards; none when left out. */
  readonly descending?: readonly string[];
  /** It belongs to a constraint, and goes only with that. */
  readonly constraint?: true;
  /** Only rows that meet this condition are indexed. Engines rewrite its text, so the index's name tells whether it changed. */
  readonly where?: string | undefined;
}

export interface TriggerShape {
  readonly name: string;
  /** The whole statement that makes it; two triggers are the same when these are. */
  readonly sql: string;
}

/** A trigger that runs after each row that was written, where its condition holds. */
export interface RowTrigger {
  readonly name: string;
  readonly table: string;
  readonly event: 'INSERT' | 'UPDATE';
  /** SQL over NEW and OLD. */
  readonly when?: string;
  readonly statement: string;
}

/** One table, desired or found. */
export interface TableShape {
  readonly name: string;
  /** How many rows it has, as the engine estimates; left out where a migration holds off every writer anyway. */
  readonly rows?: number;
  readonly columns: readonly ColumnShape[];
  readonly primaryKey: readonly string[];
  readonly checks: readonly CheckShape[];
  readonly foreignKeys: readonly ForeignKeyShape[];
  readonly indexes: readonly IndexShape[];
  /** Invisible columns that stand for others in indexes. */
  readonly indexColumns?: readonly string[];
  /** Indexes that others made, on engines where replacing the table would lose them. */
  readonly attachments?: ReadonlyArray<{ readonly name: string; readonly sql: string }>;
  readonly triggers: readonly TriggerShape[];
}

/** Fills a column from an older one while the table changes. */
export interface ColumnCopy {
  readonly from: string;
  readonly to: string;
  /** Also over values that are already there: the older column is the living one. */
  readonly overwrite: boolean;
  /** Nobody but the migration has written to the new column yet, so that it may follow the older one until all is done. */
  readonly fresh: boolean;
}

/** One statement of a migration. */
export interface SchemaStep {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly description: string;
  /** Runs when every table is there. */
  readonly afterTables?: boolean;
  /** Runs after the transaction and by itself, so that it holds nobody up for long. It may be repeated. */
  readonly online?: boolean;
  /** Runs over ranges of ids of this table: its parameters are an id to start after and one to end with. */
  readonly batchesOf?: string;
}
