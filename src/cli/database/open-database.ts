import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { KernelError } from '../../base/errors.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import { type ConnectOptions, connect, type Database, declaredEntities } from '../../orm/index.js';
import { loadEnvHierarchy } from '../../service/env/index.js';
import { ServiceConfig } from '../../service/settings/config.js';
import { importModule } from '../import-module.js';
import type { Terminal } from '../terminal.js';

export interface DatabaseOptions {
  databaseUrl?: string;
  dataDir: string;
  store?: string;
  entities?: string[];
}

/** The options of every command that works on a database. */
export function takesDatabase(command: Command): Command {
  return command
    .option('--database-url <url>', 'default: DATABASE_URL, from the environment or .env')
    .option('--data-dir <folder>', 'where backups and audit scripts are', '.data')
    .option(
      '--store <url>',
      'the bucket that backups are sent to, such as s3://bucket/prefix; default: BACKUP_STORE. BACKUP_KEY seals them',
    )
    .option('--entities <modules...>', 'compiled modules that declare the entities, such as dist/entities.js');
}

/** Opens the database, runs `work`, and closes it. Without modules of entities it knows what the database itself tells. */
export async function withDatabase(
  { databaseUrl, dataDir, store, entities: modules = [] }: DatabaseOptions,
  terminal: Terminal,
  work: (db: Database) => Promise<void>,
): Promise<void> {
  assertFolder(dataDir);
  await loadEntities(modules);
  const entities = modules.length > 0 ? declaredEntities() : [];
  const db = await connect(databaseUrl ?? configuredDatabase(), {
    dataDir,
    entities,
    logger: warningsTo(terminal),
    ...configuredBackups(store),
  });
  try {
    await work(db);
  } finally {
    await db.close();
  }
}

/** @throws KernelError `E_CLI` where a command needs entities and has none. */
export function assertEntities({ entities }: DatabaseOptions, command: string): void {
  if (entities) return;
  throw new KernelError('E_CLI', `${command} needs the entities: pass --entities dist/entities.js`);
}

/**
 * The database that the environment names, first by the field that is `preferred`.
 * @throws KernelError `E_CLI` where none is named.
 */
export function configuredDatabase(preferred: 'databaseUrl' | 'adminDbUrl' = 'databaseUrl'): string {
  loadEnvHierarchy({ rootDir: process.cwd() });
  const { fields } = ServiceConfig.fromEnv();
  const url = fields[preferred] ?? fields.databaseUrl;
  if (url !== undefined) return url;
  throw new KernelError('E_CLI', 'No database is named: pass --database-url, or set DATABASE_URL');
}

/** A secret does not stand in arguments, which everybody on the machine can read; so the key has no flag. */
function configuredBackups(store: string | undefined): Pick<ConnectOptions, 'backupStore' | 'backupEncryption'> {
  loadEnvHierarchy({ rootDir: process.cwd() });
  const { backupStore, backupKey } = ServiceConfig.fromEnv().fields;
  const url = store ?? backupStore;
  return { ...(url && { backupStore: url }), ...(backupKey && { backupEncryption: { key: backupKey } }) };
}

export async function loadEntities(modules: readonly string[]): Promise<void> {
  for (const module of modules) await importModule(module, 'a compiled module of entities');
}

/** @throws KernelError `E_CLI` where backups could not be in it; a folder that is not there yet is made by the first. */
function assertFolder(dataDir: string): void {
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (!found || found.isDirectory()) return;
  throw new KernelError('E_CLI', `--data-dir ${dataDir} is no folder: name the one where backups are, such as .data`);
}

/** What a person at the terminal should know; the rest is for logs. */
export function warningsTo(terminal: Terminal): Logger {
  const say = (fields: object | string, message?: string): void => {
    terminal.errors.write(`${typeof fields === 'string' ? fields : (message ?? '')}\n`);
  };
  return { ...silentLogger, warn: say, error: say, fatal: say };
}
