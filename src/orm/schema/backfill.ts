import type { ColumnCopy, TableShape } from '../dialect/shape.js';
import type { DesiredTable } from './desired.js';
import type { Rename } from './ledger.js';

/**
 * Which renamed columns still have to be filled. A rename that was recorded never runs again, so a value that was
 * cleared on purpose stays cleared; a rename back to an earlier name overwrites what that column still held.
 */
export function pendingCopies(desired: DesiredTable, current: TableShape, recorded: readonly Rename[]): ColumnCopy[] {
  const columns = new Set(current.columns.map((column) => column.name));
  return desired.renames.flatMap(({ from, to }): ColumnCopy[] => {
    if (!columns.has(from)) return [];
    if (!columns.has(to)) return [{ from, to, overwrite: false }];
    const last = recorded.findLast(
      (rename) =>
        rename.table === current.name &&
        ((rename.from === from && rename.to === to) || (rename.from === to && rename.to === from)),
    );
    if (last === undefined) return [{ from, to, overwrite: false }];
    return last.from === from ? [] : [{ from, to, overwrite: true }];
  });
}
