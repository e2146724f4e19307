import { once } from 'node:events';
import type { Command } from 'commander';
import { declaredEntities } from '../orm/index.js';
import { loadEnvHierarchy } from '../service/env/index.js';
import { type RunAdminWorkerOptions, runAdminWorker } from '../service/run-admin-worker.js';
import { ServiceConfig } from '../service/settings/config.js';
import { loadEntities } from './open-database.js';

interface AdminWorkerCommandOptions {
  redisUrl?: string;
  databaseUrl?: string;
  adminDbUrl?: string;
  namespace?: string;
  entities?: string[];
  auditDays?: number;
}

export function addAdminWorker(program: Command): void {
  program
    .command('admin-worker')
    .description('Store audit records and the like, which services publish, in a process of their own')
    .option('--redis-url <url>', 'default: REDIS_URL, from the environment or .env')
    .option('--database-url <url>', 'where the service keeps its rows; default: DATABASE_URL')
    .option('--admin-db-url <url>', 'where records are written; default: ADMIN_DB_URL, else the database')
    .option('--namespace <prefix>', 'prefix of every Redis key, as the service has it')
    .option('--entities <modules...>', 'compiled modules that declare the entities, for typed values in records')
    .option('--audit-days <days>', 'days that audit records are kept; default: all', Number)
    .action((options: AdminWorkerCommandOptions) => work(options));
}

/** Ends with the process: a signal closes the worker and exits. */
async function work(options: AdminWorkerCommandOptions): Promise<void> {
  loadEnvHierarchy({ rootDir: process.cwd() });
  const { redisUrl, databaseUrl, adminDbUrl, namespace: redisNamespace, entities = [], auditDays } = options;
  for (const module of entities) await loadEntities(module);
  const chosen = Object.fromEntries(
    Object.entries({ redisUrl, databaseUrl, adminDbUrl, redisNamespace }).filter(([, value]) => value !== undefined),
  );
  await runAdminWorker({
    config: ServiceConfig.fromEnv(),
    ...(entities.length > 0 && { entities: declaredEntities() }),
    ...(auditDays !== undefined && { retention: { audit: auditDays } }),
    ...chosen,
  } as RunAdminWorkerOptions);
  await once(process, 'exit');
}
