import { access, mkdir, open, readdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DatabaseCore } from '../session/database-core.js';
import { type LastMigration, type LedgerEntry, readLedger } from './ledger.js';

/**
 * Leaves `<YYYYMMDD_HHMMSS>_<hash8>.sql` and `.json` of every migration for people to read. The ledger in the database
 * is the truth: what a crash kept from being written, or another instance has migrated, is written at the next start.
 * @param last the newest migration; while its script is there, nothing is read. Left out: looks at all of them.
 */
export async function writeAuditScripts(core: DatabaseCore, dataDir: string, last?: LastMigration): Promise<void> {
  const directory = join(dataDir, 'migrations_audit');
  try {
    if (last && (await exists(join(directory, `${scriptName(last.appliedAt, last.hash)}.sql`)))) return;
    const entries = (await readLedger(core)).reverse();
    await mkdir(resolve(directory), { recursive: true, mode: 0o700 }); // relative, in a removed folder, it never ends
    const present = new Set(await readdir(directory));
    for (const [name, entry] of named(entries))
      if (!present.has(`${name}.sql`)) await writeScript(join(directory, name), entry);
  } catch (error) {
    core.logger.warn({ err: error, directory }, 'The scripts of migrations could not be written; the next start tries');
  }
}

function scriptName(appliedAt: string, hash: string): string {
  const digits = appliedAt.replace(/\D/g, '');
  return `${digits.slice(0, 8)}_${digits.slice(8, 14)}_${hash.slice(0, 8)}`;
}

/** Each entry under a name of its own, also where two were made within a second. */
function named(entries: readonly LedgerEntry[]): Map<string, LedgerEntry> {
  const names = new Map<string, LedgerEntry>();
  for (const entry of entries) {
    const name = scriptName(entry.appliedAt, entry.schemaHash);
    names.set(names.has(name) ? `${name}_${entry.id}` : name, entry);
  }
  return names;
}

/** The `.sql` comes last, so that it tells of both. */
async function writeScript(path: string, entry: LedgerEntry): Promise<void> {
  await writeWhole(`${path}.json`, `${JSON.stringify(describe(entry), null, 2)}\n`);
  await writeWhole(`${path}.sql`, script(entry));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

function describe({ schemaHash, appliedAt, operations }: LedgerEntry): object {
  return { schema_hash: schemaHash, applied_at: appliedAt, operations };
}

function script({ schemaHash, appliedAt, operations }: LedgerEntry): string {
  const steps = operations.map(({ sql, params, desc }) => {
    const values = params.length === 0 ? [] : [`-- params: ${JSON.stringify(params)}`];
    return [`-- ${desc}`, `${sql};`, ...values].join('\n');
  });
  return `${[`-- schema ${schemaHash}\n-- applied ${appliedAt}`, ...steps].join('\n\n')}\n`;
}
