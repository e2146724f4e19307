import { SchemaError } from '../../../base/errors.js';
import type { TableShape } from '../../dialect/shape.js';
import type { Scope } from '../../session/scope.js';
import type { Shelf } from '../files/shelf.js';
import type { Manifest } from '../manifest/manifest.js';
import { type Backup, writeBackupAgain } from '../write-backup.js';

/** Tables that were replaced, as it is noted before they are: a restart goes by it as well. */
export interface ReplacedTables {
  /** The safety backup of the moment from which on writers had to wait. */
  readonly before: Manifest;
  readonly tables: ReadonlyArray<{
    readonly name: string;
    /** What it is called once another one has its name. */
    readonly renamed: string;
    /** What it held at that moment. */
    readonly content: string;
  }>;
}

/**
 * A write that waited for a table may be done in the moment in which the tables are renamed, one after the other, and be
 * acknowledged. Where there was one, the safety backup is made once more, of the tables that now have names which nobody
 * knows, so that nobody writes to them any more.
 * @returns nothing where there was none, or where the tables are being removed, for then they are backed up already.
 */
export async function backUpLateWrites(
  scope: Scope,
  shelf: Shelf,
  { before, tables }: ReplacedTables,
): Promise<Backup | undefined> {
  const found = new Map((await scope.core.dialect.introspect(scope)).map((table) => [table.name, table]));
  const old = tables.flatMap(({ renamed }) => found.get(renamed) ?? []);
  if (old.length < tables.length) return undefined;
  const now = await contentsOf(scope, old);
  if (now.every((content, at) => content === tables[at]?.content)) return undefined;
  const names = new Map(tables.map(({ name, renamed }) => [name, renamed]));
  const safety = await writeBackupAgain(scope, shelf, before, names);
  scope.core.logger.warn(
    { before: before.name, safety: safety.name },
    'Writes that came late are in the second backup',
  );
  return safety;
}

/** What tables hold, in a word for each. */
export async function contentsOf(scope: Scope, tables: readonly TableShape[]): Promise<string[]> {
  const { name, swap } = scope.core.dialect;
  if (!swap) throw new SchemaError(`${name} changes tables in transactions; it swaps none`);
  const contents: string[] = [];
  for (const table of tables) {
    const [row = []] = await scope.all(swap.content(table), []);
    contents.push(row.join());
  }
  return contents;
}
