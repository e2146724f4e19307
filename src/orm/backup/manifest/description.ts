import type { Counter, GeneratedColumn } from '../../dialect/shape.js';
import type { FieldType, OnDelete } from '../../entity/field-types.js';

/** SQL that only one engine understands. */
export interface EngineSql {
  readonly engine: string;
  readonly sql: string;
}

/** A condition with columns written as `[column]`, as an entity declares it; or as an engine has rewritten it. */
export type StoredCondition = string | EngineSql;

/** One column, without a word of any engine's SQL. */
export interface StoredColumn {
  readonly name: string;
  readonly type: FieldType;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly nullable: boolean;
  /** Names a row of another table, also where no rule says so, as in a history. */
  readonly refers?: true;
  /** A value as it stands in the CSV, or an expression of an engine. */
  readonly default?: string | EngineSql;
  /** A row that comes without a value gets the next number. */
  readonly counter?: Counter;
  /** A condition that is part of the column; any other engine leaves it out. */
  readonly check?: EngineSql;
  /** What that engine computes the values by; any other one has them as plain values. */
  readonly generated?: EngineSql & Pick<GeneratedColumn, 'stored'>;
  /** A type that no field has: `type` is one that holds all of its values, and that engine has them as this type again. */
  readonly native?: EngineSql;
}

export interface StoredForeignKey {
  readonly column: string;
  readonly table: string;
  readonly onDelete: OnDelete;
  /** Its columns, each with the one that it names, where that is not one column and an `id`. */
  readonly pairs?: ReadonlyArray<readonly [column: string, named: string]>;
  readonly onUpdate?: OnDelete;
}

export interface StoredIndex {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly liveOnly: boolean;
  readonly descending: readonly string[];
  readonly where?: StoredCondition;
}

export interface StoredCheck {
  readonly name: string;
  readonly condition: StoredCondition;
}

/** One table as it was, so that any engine can make it again without the code that declared it. */
export interface StoredTable {
  readonly name: string;
  readonly columns: readonly StoredColumn[];
  readonly primaryKey: readonly string[];
  readonly foreignKeys: readonly StoredForeignKey[];
  readonly indexes: readonly StoredIndex[];
  readonly checks: readonly StoredCheck[];
  /** Where versions of its rows go. */
  readonly history?: string;
}
