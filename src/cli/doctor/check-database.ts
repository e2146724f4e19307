import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { connect, type Database, type EntityTarget } from '../../orm/index.js';
import { MEMORY, sqliteFile } from '../../orm/sqlite/url.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { clockOf, type Finding, fault, ok, reasonOf } from './finding.js';

const SUBJECT = 'database';

/**
 * Is it there, how fast, what time is it there, and what would the next start change?
 * @param entities undefined where they are not known
 */
export async function checkDatabase(
  { databaseUrl: url, database: options }: KernelSettings,
  entities: readonly EntityTarget[] | undefined,
): Promise<Finding[]> {
  if (url === null) return [ok(SUBJECT, 'none is named: rooms that need tables are not there')];
  if (isNewFile(url)) return [ok(SUBJECT, `${sqliteFile(url)} is not there yet; the first start makes it`)];
  const { poolSize, statementTimeoutMs, dataDir } = options;
  let db: Database;
  try {
    db = await connect(url, { entities: entities ?? [], poolSize, statementTimeoutMs, dataDir });
  } catch (error) {
    return [fault(SUBJECT, reasonOf(error), 'Set DATABASE_URL to where it listens, with a user who may sign in')];
  }
  try {
    return await examine(db, entities !== undefined);
  } catch (error) {
    return [fault(SUBJECT, reasonOf(error), 'See the log of the database server')];
  } finally {
    await db.close();
  }
}

async function examine(db: Database, knowsEntities: boolean): Promise<Finding[]> {
  await db.query('SELECT 1'); // the first one connects
  const before = performance.now();
  await db.query('SELECT 1');
  const findings = [ok(SUBJECT, `${db.engine} answers in ${(performance.now() - before).toFixed(1)} ms`)];
  if ((await db.serverTime()) !== undefined)
    findings.push(await clockOf(SUBJECT, async () => (await db.serverTime()) ?? Number.NaN));
  if (!knowsEntities) return findings;
  const { steps, warnings } = await db.plan();
  findings.push(ok(SUBJECT, steps.length === 0 ? 'its tables are up to date' : planText(steps.length)));
  for (const { message } of warnings) findings.push({ subject: SUBJECT, level: 'warning', message });
  return findings;
}

function planText(steps: number): string {
  return `the next start makes ${steps} changes of its tables; see them by "app-kernel migrate --plan --service …"`;
}

/** Connecting would make it. */
function isNewFile(url: string): boolean {
  return url.startsWith('sqlite:') && sqliteFile(url) !== MEMORY && !existsSync(resolve(sqliteFile(url)));
}
