import type { ColumnCopy, SchemaStep, TableShape } from '../dialect/shape.js';
import type { Scope } from '../session/scope.js';
import type { DesiredTable } from './desired.js';
import type { Rename } from './ledger.js';

/**
 * Which renamed columns still have to be filled. A rename that was recorded never runs again, so a value that was
 * cleared on purpose stays cleared; a rename back to an earlier name overwrites what that column still held. One that was
 * cut off goes on as it began.
 */
export function pendingCopies(desired: DesiredTable, current: TableShape, recorded: readonly Rename[]): ColumnCopy[] {
  const columns = new Set(current.columns.map((column) => column.name));
  return desired.renames.flatMap(({ from, to }): ColumnCopy[] => {
    if (!columns.has(from)) return [];
    if (!columns.has(to)) return [{ from, to, overwrite: false, fresh: true }];
    const last = recorded.findLast(
      (rename) =>
        rename.table === current.name &&
        ((rename.from === from && rename.to === to) || (rename.from === to && rename.to === from)),
    );
    if (last === undefined) return [{ from, to, overwrite: false, fresh: false }];
    if (last.from !== from) return [{ from, to, overwrite: true, fresh: false }];
    if (last.copying === undefined) return [];
    return [{ from, to, overwrite: last.copying === 'overwrite', fresh: last.copying === 'fresh' }];
  });
}

/** Short enough that nobody notices its locks, long enough that a batch costs little more than its rows. */
const BATCH_ROWS = 5_000;

/** Someone who writes the old column faster than it can be followed is not waited for. */
const MAX_PASSES = 5;

/**
 * Runs a step over a table, a few thousand rows at a time, each batch committed by itself; then again, for what old
 * instances have written to the old column meanwhile, until a pass finds nothing to do.
 */
export async function runInBatches(scope: Scope, { sql, batchesOf = '' }: SchemaStep): Promise<void> {
  for (let pass = 0; pass < MAX_PASSES; pass++) if ((await runOnce(scope, sql, batchesOf)) === 0) return;
}

/** @returns how many rows were changed. */
async function runOnce(scope: Scope, sql: string, table: string): Promise<number> {
  const { quote, placeholder } = scope.core.dialect;
  const [id, from] = [quote('id'), quote(table)];
  const [newest] = await scope.all(`SELECT MAX(${id}) FROM ${from}`, []);
  const next = `SELECT ${id} FROM ${from} WHERE ${id} > ${placeholder(1)} ORDER BY ${id} LIMIT 1 OFFSET ${BATCH_ROWS - 1}`;
  let changed = 0;
  for (let after: unknown = ''; typeof newest?.[0] === 'string' && after !== newest[0]; ) {
    const [last] = await scope.all(next, [after]);
    const until = last?.[0] ?? newest[0];
    changed += await scope.run(sql, [after, until]);
    after = until;
  }
  return changed;
}
