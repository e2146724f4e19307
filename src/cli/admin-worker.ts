import { once } from 'node:events';
import type { Command } from 'commander';
import { KernelError } from '../base/errors.js';
import { declaredEntities } from '../orm/index.js';
import { loadEnvHierarchy } from '../service/env/index.js';
import { ServiceConfig } from '../service/settings/config.js';
import { RECORDED_KINDS } from '../service/telemetry/open-telemetry.js';
import { type RunAdminWorkerOptions, runAdminWorker } from '../service/workers/run-admin-worker.js';
import { loadEntities } from './database/open-database.js';

interface AdminWorkerCommandOptions {
  redisUrl?: string;
  databaseUrl?: string;
  adminDbUrl?: string;
  namespace?: string;
  entities?: string[];
  retention?: string[];
}

export function addAdminWorker(program: Command): void {
  program
    .command('admin-worker')
    .description('Store audit records and the like, which services publish, in a process of their own')
    .option('--redis-url <url>', 'default: REDIS_URL, from the environment or .env')
    .option('--database-url <url>', 'where the service keeps its rows; default: DATABASE_URL')
    .option('--admin-db-url <url>', 'where records are written; default: ADMIN_DB_URL, else the database')
    .option('--namespace <prefix>', 'prefix of every Redis key, as the service has it (redisNamespace); default: none')
    .option(
      '--entities <modules...>',
      'compiled modules that declare the entities, such as dist/entities.js, for typed values in records',
    )
    .option(
      '--retention <kind=days...>',
      'days that records are kept, such as traces=7 audit=null; default: as in a service',
    )
    .action((options: AdminWorkerCommandOptions) => work(options));
}

/** Ends with the process: a signal closes the worker and exits. */
async function work(options: AdminWorkerCommandOptions): Promise<void> {
  loadEnvHierarchy({ rootDir: process.cwd() });
  const { redisUrl, databaseUrl, adminDbUrl, namespace: redisNamespace, entities = [], retention } = options;
  await loadEntities(entities);
  const chosen = Object.fromEntries(
    Object.entries({ redisUrl, databaseUrl, adminDbUrl, redisNamespace }).filter(([, value]) => value !== undefined),
  );
  await runAdminWorker({
    config: ServiceConfig.fromEnv(),
    ...(entities.length > 0 && { entities: declaredEntities() }),
    ...(retention && { retention: retentionOf(retention) }),
    ...chosen,
  } as RunAdminWorkerOptions);
  await once(process, 'exit');
}

/** @throws KernelError for what is no pair, and for kinds that are not trimmed here */
function retentionOf(pairs: readonly string[]): NonNullable<RunAdminWorkerOptions['retention']> {
  const entries = pairs.map((pair) => {
    const [, kind, days] = /^(\w+)=(\d+|null)$/.exec(pair) ?? [];
    if (!kind) throw new KernelError('E_CLI', `--retention ${pair}: write kind=days, such as traces=7 or audit=null`);
    if (!RECORDED_KINDS.some((known) => known === kind)) {
      const kinds = RECORDED_KINDS.join(', ');
      throw new KernelError('E_CLI', `--retention ${pair}: there is no kind "${kind}" here; name one of ${kinds}`);
    }
    return [kind, days === 'null' ? null : Number(days)];
  });
  return Object.fromEntries(entries);
}
