import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { connect, type Database } from '../../orm/index.js';
import { loadEnvHierarchy } from '../../service/env/index.js';
import { tablesOf } from '../../service/kernel-entities.js';
import { loadService } from '../load-service.js';
import type { Terminal } from '../terminal.js';
import {
  assertEntities,
  configuredDatabase,
  type DatabaseOptions,
  takesDatabase,
  warningsTo,
  withDatabase,
} from './open-database.js';

interface MigrateOptions extends DatabaseOptions {
  plan?: boolean;
  service?: string;
  export: string;
}

export function addMigrate(program: Command, terminal: Terminal): void {
  takesDatabase(
    program
      .command('migrate')
      .description('Bring the database to what the entities say')
      .option('--plan', 'show what would be done, and do nothing')
      .option('--service <module>', 'compiled module that makes the service: the tables that its start would make')
      .option('--export <name>', 'what that exports: a service, or a function that answers one', 'service'),
  )
    .addHelpText(
      'after',
      '\nExamples: app-kernel migrate --plan --service dist/service.js\n          app-kernel migrate --entities dist/entities.js',
    )
    .action((options: MigrateOptions) => migrate(options, terminal));
}

function migrate(options: MigrateOptions, terminal: Terminal): Promise<void> {
  const work = (db: Database): Promise<void> => bringUp(db, options.plan === true, terminal);
  if (options.service !== undefined) return withServiceDatabase(options.service, options, terminal, work);
  assertEntities(options, 'migrate');
  return withDatabase(options, terminal, work);
}

async function bringUp(db: Database, isPlanned: boolean, { output }: Terminal): Promise<void> {
  if (isPlanned) {
    output.write(`${await db.plan()}\n`);
    return;
  }
  const { changed, steps } = await db.migrate();
  output.write(changed ? `${steps.length} steps were done\n` : 'Nothing to do.\n');
}

/** The database of a service, and its tables: the kernel's that are switched on, and its own. */
async function withServiceDatabase(
  module: string,
  { databaseUrl, export: exported }: MigrateOptions,
  terminal: Terminal,
  work: (db: Database) => Promise<void>,
): Promise<void> {
  loadEnvHierarchy({ rootDir: dirname(resolve(module)) });
  const service = await loadService(module, exported);
  const { settings, parts } = service.kernel;
  try {
    const url = databaseUrl ?? settings.databaseUrl ?? configuredDatabase();
    const entities = tablesOf(settings, parts);
    const { dataDir } = settings.database;
    const db = await connect(url, { dataDir, entities, logger: warningsTo(terminal) });
    try {
      await work(db);
    } finally {
      await db.close();
    }
  } finally {
    await service.close();
  }
}
