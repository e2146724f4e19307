import { once } from 'node:events';
import type { Command } from 'commander';
import { KernelError } from '../base/errors.js';
import { JobRegistry, type TaskHandler } from '../jobs/index.js';
import { loadEnvHierarchy } from '../service/env/index.js';
import { ServiceConfig } from '../service/settings/config.js';
import { type RunWorkerOptions, runWorker } from '../service/workers/run-worker.js';
import { importModule } from './import-module.js';
import { wholeNumber } from './whole-number.js';

interface WorkerCommandOptions {
  redisUrl?: string;
  databaseUrl?: string;
  namespace?: string;
  concurrency?: string;
  service?: string;
}

const MOST_JOBS = 10_000;

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description('Run background jobs in a process of their own')
    .argument('<module>', 'compiled module that exports `tasks`: handlers by name, or a JobRegistry')
    .option('--redis-url <url>', 'default: REDIS_URL, from the environment or .env')
    .option('--database-url <url>', 'what handlers get; default: DATABASE_URL')
    .option('--namespace <prefix>', 'prefix of every Redis key, as the service has it (redisNamespace); default: none')
    .option('--concurrency <jobs>', 'jobs in flight at once; default: WORKER_COUNT, or 4')
    .option(
      '--service <name>',
      'name of the service whose jobs these are, which usage is counted for; default: none is counted',
    )
    .addHelpText('after', '\nExample: app-kernel worker dist/tasks.js --concurrency 8')
    .action((module: string, options: WorkerCommandOptions) => work(module, options));
}

/** Ends with the process: a signal closes the worker and exits. */
async function work(module: string, options: WorkerCommandOptions): Promise<void> {
  loadEnvHierarchy({ rootDir: process.cwd() });
  const { redisUrl, databaseUrl, namespace: redisNamespace, concurrency: written, service } = options;
  const concurrency = written === undefined ? undefined : wholeNumber('concurrency', written, MOST_JOBS);
  const tasks = await loadTasks(module);
  const given = { redisUrl, databaseUrl, redisNamespace, concurrency, service };
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  await runWorker({ tasks, config: ServiceConfig.fromEnv(), ...chosen } as RunWorkerOptions);
  await once(process, 'exit');
}

async function loadTasks(module: string): Promise<RunWorkerOptions['tasks']> {
  const { tasks } = (await importModule(module)) as {
    tasks?: Readonly<Record<string, TaskHandler>> | JobRegistry;
  };
  if (tasks instanceof JobRegistry || (typeof tasks === 'object' && tasks !== null)) return tasks;
  const mend = 'write: export const tasks = { send_email: sendEmail }';
  throw new KernelError('E_CLI', `${module} exports no tasks; ${mend}`);
}
