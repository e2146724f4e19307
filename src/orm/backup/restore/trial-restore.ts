import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../base/ports.js';
import { DatabaseCore } from '../../session/database-core.js';
import { openEngine } from '../../session/engines.js';
import type { StoredTable } from '../manifest/description.js';
import { tableText } from '../snapshot/export-table.js';
import { type RestoreSource, replaceTables, withFiles } from './replace-tables.js';

/**
 * Restores a backup into a scratch database and exports it again: a backup counts when every file comes out as it went in.
 * @returns what came out otherwise, and what could not be restored.
 */
export async function trialRestore(source: RestoreSource, logger: Logger): Promise<string[]> {
  const { shelf, manifest } = source;
  const bare = { ...manifest, schema: manifest.schema.map(withoutRules) };
  const scratch = await mkdtemp(join(shelf.folder, `.unfinished_${process.pid}_trial_`));
  const engine = await openEngine(`sqlite:${join(scratch, 'trial.db')}`, { acquireTimeoutMs: 10_000 });
  const core = new DatabaseCore(engine, { entities: [], logger, tracer: false });
  const faults: string[] = [];
  try {
    await core.unit((scope) => replaceTables(scope, { shelf, manifest: bare }), { schemaChange: true });
    await core.unit(
      async (session) => {
        for (const [table, file] of withFiles(bare)) {
          const hash = createHash('sha256');
          for await (const text of tableText(session, table, () => {})) hash.update(text);
          if (hash.digest('hex') !== file.sha256) faults.push(`${file.file} comes out otherwise than it went in`);
        }
      },
      { readOnly: true, patient: true },
    );
  } catch (error) {
    faults.push(`It cannot be restored: ${(error as Error).message}`);
  } finally {
    await core.close();
    await rm(scratch, { recursive: true, force: true });
  }
  return faults;
}

/** Conditions may be written for another engine; what counts here is the rows. */
function withoutRules({ name, columns, primaryKey }: StoredTable): StoredTable {
  return { name, columns, primaryKey, foreignKeys: [], indexes: [], checks: [] };
}
