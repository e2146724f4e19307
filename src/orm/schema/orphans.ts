import type { DatabaseCore } from '../session/database-core.js';
import { desiredSchema } from './desired.js';
import { isOwnTable } from './ledger.js';

/** What the database holds and no entity declares. */
export interface Orphans {
  readonly orphanTables: readonly string[];
  readonly orphanColumns: Readonly<Record<string, readonly string[]>>;
}

export async function findOrphans(core: DatabaseCore): Promise<Orphans> {
  const desired = new Map(desiredSchema(core.entities, core.dialect).tables.map(({ shape }) => [shape.name, shape]));
  const found = (await core.dialect.introspect(core)).filter((table) => !isOwnTable(table.name));
  const columns = found.flatMap((table) => {
    const wanted = desired.get(table.name);
    const names = new Set(wanted?.columns.map((column) => column.name));
    const orphans = table.columns.map((column) => column.name).filter((name) => !names.has(name));
    return wanted && orphans.length > 0 ? [[table.name, orphans] as const] : [];
  });
  return {
    orphanTables: found.map((table) => table.name).filter((name) => !desired.has(name)),
    orphanColumns: Object.fromEntries(columns),
  };
}
