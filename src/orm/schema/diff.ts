import type { CheckShape, ColumnCopy, ColumnShape, ForeignKeyShape, IndexShape, TableShape } from '../dialect/shape.js';
import type { Session } from '../session/session.js';
import type { DesiredTable } from './desired.js';
import { Preflight } from './preflight.js';

/** Something that was not done, and what would do it. */
export interface PlanWarning {
  /** `table` or `table.column`: what `allowDrops` takes. */
  readonly name: string;
  readonly message: string;
}

/** What a table is to become, and what of the wish had to wait. */
export interface TableDiff {
  readonly target: TableShape;
  readonly warnings: readonly PlanWarning[];
  /** Wishes that the data does not allow yet. */
  readonly pending: number;
}

interface DiffInput {
  readonly session: Session;
  readonly desired: DesiredTable;
  readonly current: TableShape;
  readonly copies: readonly ColumnCopy[];
  readonly allowed: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
}

/**
 * Compares a table with what its entity asks for. What only adds or relaxes becomes part of the target; what depends on
 * the data is counted first and waits, with a warning, while rows stand against it; what loses data waits for its name
 * in `allowDrops`.
 */
export async function diffTable(input: DiffInput): Promise<TableDiff> {
  const differ = new TableDiffer(input);
  return differ.diff();
}

class TableDiffer {
  readonly #input: DiffInput;
  readonly #found: ReadonlyMap<string, ColumnShape>;
  readonly #preflight: Preflight;
  readonly #warnings: PlanWarning[] = [];
  #pending = 0;

  constructor(input: DiffInput) {
    this.#input = input;
    this.#found = new Map(input.current.columns.map((column) => [column.name, column]));
    this.#preflight = new Preflight(input.session, input.current, input.desired.shape, input.copies);
  }

  async diff(): Promise<TableDiff> {
    const { shape } = this.#input.desired;
    const columns: ColumnShape[] = [];
    for (const column of shape.columns) columns.push(await this.#column(column));
    const target = {
      ...shape,
      columns: [...columns, ...this.#orphans(shape)],
      checks: await this.#checks(shape.checks),
      foreignKeys: await this.#foreignKeys(shape.foreignKeys),
      indexes: await this.#indexes(shape.indexes),
    };
    return { target, warnings: this.#warnings, pending: this.#pending };
  }

  async #column(wanted: ColumnShape): Promise<ColumnShape> {
    const found = this.#found.get(wanted.name);
    const type = this.#type(wanted, found);
    if (wanted.nullable || (found && !found.nullable)) return { ...wanted, type };
    const missing = await this.#preflight.missing(wanted.name);
    if (missing === 0) return { ...wanted, type };
    this.#wait(wanted.name, `${count(missing, 'row')} without a value; it stays nullable until they are filled`);
    return { ...wanted, type, nullable: true };
  }

  #type(wanted: ColumnShape, found: ColumnShape | undefined): string {
    if (!found || found.type === wanted.type) return wanted.type;
    if (this.#input.session.core.dialect.widens?.(found.type, wanted.type)) return wanted.type;
    const name = `${this.#input.desired.owner}.${wanted.name}`;
    if (this.#input.allowed.has(name)) return wanted.type;
    this.#warnings.push({
      name,
      message: `${name} is ${found.type} and should become ${wanted.type}, which may lose data; run migrate({ allowDrops: ['${name}'] }), or add a new field with renamedFrom`,
    });
    this.#pending += 1;
    return found.type;
  }

  /** Columns that no field declares any more stay, and stop being required. */
  #orphans(shape: TableShape): ColumnShape[] {
    const wanted = new Set(shape.columns.map((column) => column.name));
    const { current, allowed } = this.#input;
    return current.columns.flatMap((column) => {
      const name = `${current.name}.${column.name}`;
      if (wanted.has(column.name) || allowed.has(name)) return [];
      this.#warnings.push({
        name,
        message: `${name} is no longer declared; it is kept. To drop it, run migrate({ allowDrops: ['${name}'] })`,
      });
      return [{ ...column, nullable: column.nullable || column.default === undefined }];
    });
  }

  async #checks(wanted: readonly CheckShape[]): Promise<CheckShape[]> {
    const found = new Set(this.#input.current.checks.map((check) => check.name));
    return this.#admissible(
      wanted,
      (check) => found.has(check.name),
      (check) => this.#preflight.violating(check.expression),
      (check) => check.name,
    );
  }

  async #foreignKeys(wanted: readonly ForeignKeyShape[]): Promise<ForeignKeyShape[]> {
    const found = new Set(this.#input.current.foreignKeys.map((key) => `${key.column} ${key.table}`));
    return this.#admissible(
      wanted,
      (key) => found.has(`${key.column} ${key.table}`),
      (key) => this.#preflight.dangling(key, this.#input.tables.has(key.table)),
      (key) => key.column,
    );
  }

  async #indexes(wanted: readonly IndexShape[]): Promise<IndexShape[]> {
    const found = new Map(this.#input.current.indexes.map((index) => [index.name, index]));
    const holds = (index: IndexShape): boolean => {
      const existing = found.get(index.name);
      return !index.unique || (existing?.unique === true && (index.liveOnly || !existing.liveOnly));
    };
    return this.#admissible(
      wanted,
      holds,
      (index) => this.#preflight.duplicates(index),
      (index) => index.name,
    );
  }

  /** Those constraints that exist already or that no row stands against. */
  async #admissible<T>(
    wanted: readonly T[],
    exists: (one: T) => boolean,
    violations: (one: T) => Promise<number>,
    nameOf: (one: T) => string,
  ): Promise<T[]> {
    const admitted: T[] = [];
    for (const one of wanted) {
      const against = exists(one) ? 0 : await violations(one);
      if (against === 0) admitted.push(one);
      else
        this.#wait(
          nameOf(one),
          `${count(against, 'row or group of rows', 'rows or groups of rows')} against it; it is not enforced until they are mended`,
        );
    }
    return admitted;
  }

  #wait(what: string, why: string): void {
    const name = `${this.#input.current.name}.${what}`;
    this.#warnings.push({ name, message: `${name} has ${why}` });
    this.#pending += 1;
  }
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
