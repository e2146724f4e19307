import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { claimFault } from '../../features/audit/index.js';
import { connect, type Database, type EntityTarget, SchemaError } from '../../orm/index.js';
import { MEMORY, sqliteFile } from '../../orm/sqlite/url.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { TELEMETRY_ENTITIES } from '../../service/telemetry/open-telemetry.js';
import { claimantOf } from '../../service/telemetry/rooms/audit.js';
import { clockOf, type Finding, fault, ok, reasonOf } from './finding.js';

/** A database of a service, and what is known of it. */
export interface NamedDatabase {
  subject: 'database' | 'database of records';
  variable: 'DATABASE_URL' | 'ADMIN_DB_URL';
  url: string;
  /** Undefined where they are not known. */
  entities: readonly EntityTarget[] | undefined;
  /** Who will claim the log of audit records there; undefined where there is none, or that is not known. */
  claimant?: string | null;
}

/**
 * The databases that the settings name: that of the service, and the one of its records where that is another.
 * @param own the tables of the service's, undefined where they are not known
 */
export function databasesOf(settings: KernelSettings, own: readonly EntityTarget[] | undefined): NamedDatabase[] {
  const { databaseUrl, telemetry } = settings;
  if (databaseUrl === null) return [];
  const named: NamedDatabase = { subject: 'database', variable: 'DATABASE_URL', url: databaseUrl, entities: own };
  const claim = own && { claimant: claimantOf(settings) };
  if (telemetry.adminDbUrl === null) return [{ ...named, ...claim }];
  const records = { subject: 'database of records', variable: 'ADMIN_DB_URL', url: telemetry.adminDbUrl } as const;
  return [named, { ...records, entities: own && TELEMETRY_ENTITIES, ...claim }];
}

/** Is it there, how fast, what time is it there, and what would the next start change? */
export async function checkDatabase(
  { subject, variable, url, entities, claimant }: NamedDatabase,
  { poolSize, statementTimeoutMs, dataDir }: KernelSettings['database'],
): Promise<Finding[]> {
  if (isNewFile(url)) return [ok(subject, `${sqliteFile(url)} is not there yet; the first start makes it`)];
  let db: Database;
  try {
    db = await connect(url, { entities: entities ?? [], poolSize, statementTimeoutMs, dataDir });
  } catch (error) {
    return [fault(subject, reasonOf(error), `Set ${variable} to where it listens, with a user who may sign in`)];
  }
  try {
    return [...(await examine(db, subject, entities !== undefined)), ...(await ownerFindings(db, subject, claimant))];
  } catch (error) {
    return [fault(subject, reasonOf(error), 'See the log of the database server')];
  } finally {
    await db.close();
  }
}

async function examine(db: Database, subject: string, knowsEntities: boolean): Promise<Finding[]> {
  await db.query('SELECT 1'); // the first one connects
  const before = performance.now();
  await db.query('SELECT 1');
  const findings = [ok(subject, `${db.engine} answers in ${(performance.now() - before).toFixed(1)} ms`)];
  if ((await db.serverTime()) !== undefined)
    findings.push(await clockOf(subject, async () => (await db.serverTime()) ?? Number.NaN));
  if (!knowsEntities) return findings;
  const { steps, warnings } = await db.plan();
  findings.push(ok(subject, steps.length === 0 ? 'its tables are up to date' : planText(steps.length)));
  for (const { message } of warnings) findings.push({ subject, level: 'warning', message });
  return findings;
}

/** Another service may keep its records here. */
async function ownerFindings(db: Database, subject: string, claimant: string | null | undefined): Promise<Finding[]> {
  if (claimant === undefined) return [];
  try {
    const found = await claimFault(db, claimant);
    return found ? [fault(subject, `${found.field} ${found.fault}`, found.mend)] : [];
  } catch (error) {
    if (error instanceof SchemaError) return []; // its tables are not there yet
    throw error;
  }
}

function planText(steps: number): string {
  return `the next start makes ${steps} changes of its tables; see them by "app-kernel migrate --plan --service …"`;
}

/** Connecting would make it. */
function isNewFile(url: string): boolean {
  return url.startsWith('sqlite:') && sqliteFile(url) !== MEMORY && !existsSync(resolve(sqliteFile(url)));
}
