import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { connect, type Database, type EntityTarget } from '../../orm/index.js';
import { MEMORY, sqliteFile } from '../../orm/sqlite/url.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { TELEMETRY_ENTITIES } from '../../service/telemetry/open-telemetry.js';
import { clockOf, type Finding, fault, ok, reasonOf } from './finding.js';

/** A database of a service, and what is known of it. */
export interface NamedDatabase {
  subject: 'database' | 'database of records';
  variable: 'DATABASE_URL' | 'ADMIN_DB_URL';
  url: string;
  /** Undefined where they are not known. */
  entities: readonly EntityTarget[] | undefined;
}

/**
 * The databases that the settings name: that of the service, and the one of its records where that is another.
 * @param own the tables of the service's, undefined where they are not known
 */
export function databasesOf(settings: KernelSettings, own: readonly EntityTarget[] | undefined): NamedDatabase[] {
  const { databaseUrl, telemetry } = settings;
  if (databaseUrl === null) return [];
  const named: NamedDatabase = { subject: 'database', variable: 'DATABASE_URL', url: databaseUrl, entities: own };
  if (telemetry.adminDbUrl === null) return [named];
  const entities = own && TELEMETRY_ENTITIES;
  return [named, { subject: 'database of records', variable: 'ADMIN_DB_URL', url: telemetry.adminDbUrl, entities }];
}

/** Is it there, how fast, what time is it there, and what would the next start change? */
export async function checkDatabase(
  { subject, variable, url, entities }: NamedDatabase,
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
    return await examine(db, subject, entities !== undefined);
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

function planText(steps: number): string {
  return `the next start makes ${steps} changes of its tables; see them by "app-kernel migrate --plan --service …"`;
}

/** Connecting would make it. */
function isNewFile(url: string): boolean {
  return url.startsWith('sqlite:') && sqliteFile(url) !== MEMORY && !existsSync(resolve(sqliteFile(url)));
}
