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
  /** The table that holds the rows of another one now: itself, the one it is renamed from, or none. */
  rowsOf(table: string): string | undefined;
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
      triggers: this.#input.current.triggers,
    };
    return { target, warnings: this.#warnings, pending: this.#pending };
  }

  async #column(wanted: ColumnShape): Promise<ColumnShape> {
    const found = this.#found.get(wanted.name);
    const type = await this.#type(wanted, found);
    if (wanted.nullable || (found && !found.nullable)) return { ...wanted, type };
    const missing = await this.#preflight.missing(wanted.name);
    if (missing === 0) return { ...wanted, type };
    this.#wait(wanted.name, `${count(missing, 'row')} without a value; it stays nullable until they are filled`);
    return { ...wanted, type, nullable: true };
  }

  async #type(wanted: ColumnShape, found: ColumnShape | undefined): Promise<string> {
    if (!found || found.type === wanted.type) return wanted.type;
    const { widens, misfits, quote } = this.#input.session.core.dialect;
    const name = `${this.#input.desired.owner}.${wanted.name}`;
    if (widens(found.type, wanted.type) || this.#input.allowed.has(name)) return wanted.type;
    const condition = misfits(quote(wanted.name), found.type, wanted.type);
    const against = condition === undefined ? undefined : await this.#preflight.present(condition);
    if (against === 0) return wanted.type;
    const loss =
      against === undefined
        ? 'which may lose data'
        : `which ${count(against, 'value')} of ${this.#input.current.name} would not fit into`;
    this.#warnings.push({
      name,
      message: `${name} is ${found.type} and should become ${wanted.type}, ${loss}; run migrate({ allowDrops: ['${name}'] }), or add a new field with renamedFrom`,
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
      const fillsItself = column.default !== undefined || column.counter || column.generated;
      return [{ ...column, nullable: column.nullable || !fillsItself }];
    });
  }

  #checks(wanted: readonly CheckShape[]): Promise<CheckShape[]> {
    return this.#admissible<CheckShape>(wanted, {
      found: this.#input.current.checks,
      same: (check, found) => check.name === found.name,
      holds: isValid,
      violations: (check) => this.#preflight.violating(check.expression),
      nameOf: (check) => check.name,
    });
  }

  #foreignKeys(wanted: readonly ForeignKeyShape[]): Promise<ForeignKeyShape[]> {
    return this.#admissible<ForeignKeyShape>(wanted, {
      found: this.#input.current.foreignKeys,
      same: (key, found) => key.column === found.column && key.table === found.table,
      holds: isValid,
      violations: (key) => this.#preflight.dangling(key, this.#input.rowsOf(key.table)),
      nameOf: (key) => key.column,
    });
  }

  #indexes(wanted: readonly IndexShape[]): Promise<IndexShape[]> {
    return this.#admissible(wanted, {
      found: this.#input.current.indexes,
      same: (index, found) => index.name === found.name,
      holds: isAsStrict,
      violations: async (index) => (index.unique ? this.#preflight.duplicates(index) : 0),
      nameOf: (index) => index.name,
    });
  }

  /** Those constraints that hold already or that no row stands against; what holds now stays while a stricter one waits. */
  async #admissible<T>(wanted: readonly T[], kind: ConstraintKind<T>): Promise<T[]> {
    const admitted: T[] = [];
    for (const one of wanted) {
      const existing = kind.found.find((found) => kind.same(one, found));
      const against = existing && kind.holds(existing, one) ? 0 : await kind.violations(one);
      if (against === 0) admitted.push(one);
      else {
        if (existing) admitted.push(existing);
        this.#wait(
          kind.nameOf(one),
          `${count(against, 'row or group of rows', 'rows or groups of rows')} against it; it is not enforced until they are mended`,
        );
      }
    }
    return admitted;
  }

  #wait(what: string, why: string): void {
    const name = `${this.#input.current.name}.${what}`;
    this.#warnings.push({ name, message: `${name} has ${why}` });
    this.#pending += 1;
  }
}

interface ConstraintKind<T> {
  readonly found: readonly T[];
  same(one: T, found: T): boolean;
  /** Whether the one that is there is all that is wanted of the rows. */
  holds(found: T, wanted: T): boolean;
  /** How many rows, or groups of rows, stand against it. */
  violations(one: T): Promise<number>;
  nameOf(one: T): string;
}

function isValid({ validated }: { readonly validated?: boolean }): boolean {
  return validated !== false;
}

/** The name of a partial index stands for its condition. An index that was left half built has no columns. */
function isAsStrict(found: IndexShape, wanted: IndexShape): boolean {
  if (!wanted.unique) return true;
  if (!found.unique || found.columns.join() !== wanted.columns.join()) return false;
  return wanted.where !== undefined || wanted.liveOnly || !found.liveOnly;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
