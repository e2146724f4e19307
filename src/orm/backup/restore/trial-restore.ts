import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../base/ports.js';
import { DatabaseCore } from '../../session/database-core.js';
import { openEngine } from '../../session/engines.js';
import { unfinishedName } from '../files/unfinished.js';
import type { StoredTable } from '../manifest/description.js';
import { tableText } from '../snapshot/table-text.js';
import { type RestoreSource, replaceTables, withFiles } from './replace-tables.js';

/**
 * Restores a backup into a scratch database and exports it again: a backup counts when every file comes out as it went in.
 * @returns what came out otherwise, and what could not be restored.
 * @throws what is the matter with the scratch database, such as a full disk.
 */
export async function trialRestore({ shelf, manifest }: RestoreSource, logger: Logger): Promise<string[]> {
  const bare = { ...manifest, schema: manifest.schema.map(withoutRules) };
  const scratch = join(shelf.folder, unfinishedName('trial'));
  await mkdir(scratch, { mode: 0o700 });
  try {
    return await faultsOf({ shelf, manifest: bare }, join(scratch, 'trial.db'), logger);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function faultsOf(source: RestoreSource, path: string, logger: Logger): Promise<string[]> {
  const engine = await openEngine(`sqlite:${path}`, { acquireTimeoutMs: 10_000 });
  const core = new DatabaseCore(engine, { entities: [], logger, tracer: false });
  const faults: string[] = [];
  try {
    await core.unit((scope) => replaceTables(scope, source), { schemaChange: true });
    await core.unit(
      async (session) => {
        for (const [table, file] of withFiles(source.manifest)) {
          const hash = createHash('sha256');
          for await (const { text } of tableText(session, table)) hash.update(text);
          if (hash.digest('hex') !== file.sha256) faults.push(`${file.file} comes out otherwise than it went in`);
        }
      },
      { readOnly: true, patient: true },
    );
  } catch (error) {
    if (isOfThisMachine(error) || core.dialect.isOutage(error)) throw error;
    faults.push(`It cannot be restored: ${(error as Error).message}`);
  } finally {
    await core.close();
  }
  return faults;
}

/** A full disk, say, tells nothing about the backup. */
function isOfThisMachine(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Conditions may be written for another engine; what counts here is the rows. */
function withoutRules({ name, columns, primaryKey }: StoredTable): StoredTable {
  return { name, columns, primaryKey, foreignKeys: [], indexes: [], checks: [] };
}
