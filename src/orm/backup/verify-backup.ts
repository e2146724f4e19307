import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseCore } from '../session/database-core.js';
import { findDamage, findNativeDamage } from './files/check-files.js';
import { writeDurably } from './files/durable-files.js';
import type { Shelf } from './files/shelf.js';
import { VERIFICATION_FILE } from './list-backups.js';
import { readManifest } from './manifest/read-manifest.js';
import { trialRestore } from './restore/trial-restore.js';

/** What a verification found. */
export interface VerifiedBackup {
  readonly name: string;
  readonly verified: boolean;
  /** Nothing where it is verified. */
  readonly faults: readonly string[];
}

/** Compares every checksum, restores the backup into a scratch database, and notes the outcome beside it. */
export async function verifyBackup(core: DatabaseCore, shelf: Shelf, name: unknown): Promise<VerifiedBackup> {
  const manifest = await readManifest(shelf, name);
  const damage = [...(await findDamage(shelf, manifest)), ...(await findNativeDamage(shelf, manifest))];
  const faults = damage.length > 0 ? damage : await trialRestore({ shelf, manifest }, core.logger);
  const outcome = { verified: faults.length === 0, checkedAt: new Date(core.clock.now()).toISOString(), faults };
  await note(join(shelf.folder, manifest.name, VERIFICATION_FILE), `${JSON.stringify(outcome, null, 2)}\n`);
  if (faults.length > 0) core.logger.error({ backup: manifest.name, faults }, 'A backup failed its verification');
  return { name: manifest.name, verified: outcome.verified, faults };
}

async function note(path: string, text: string): Promise<void> {
  await rm(`${path}.tmp`, { force: true });
  await writeDurably({ path: `${path}.tmp` }, text);
  await rename(`${path}.tmp`, path);
}
