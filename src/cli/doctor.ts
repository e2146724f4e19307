import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError, KernelError } from '../base/errors.js';
import { silentLogger } from '../base/ports.js';
import type { EntityTarget } from '../orm/index.js';
import { assembleService } from '../service/create-service.js';
import { type EnvironmentName, environmentVariables, getEnv, loadEnvHierarchy } from '../service/env/index.js';
import { tablesOf } from '../service/kernel-entities.js';
import type { Service } from '../service/service.js';
import { ServiceConfig } from '../service/settings/config.js';
import type { KernelSettings } from '../service/settings/settings.js';
import { checkBackups } from './doctor/check-backups.js';
import { checkDatabase, databasesOf } from './doctor/check-database.js';
import { checkMachine } from './doctor/check-machine.js';
import { checkMail } from './doctor/check-mail.js';
import { checkOAuth } from './doctor/check-oauth.js';
import { checkRedis } from './doctor/check-redis.js';
import { checkSettings, findingsOf } from './doctor/check-settings.js';
import { checkStripe } from './doctor/check-stripe.js';
import { type Finding, ok } from './doctor/finding.js';
import { loadService, type ServiceModuleOptions, takesService } from './load-service.js';
import type { Terminal } from './terminal.js';

interface DoctorOptions extends ServiceModuleOptions {
  json?: boolean;
  strict?: boolean;
}

export function addDoctor(program: Command, terminal: Terminal): void {
  takesService(
    program
      .command('doctor')
      .description(
        'Check the settings, the servers and their clocks, Stripe, sign-in and the disk, and say how to mend what is wrong',
      ),
    '[module]',
  )
    .option('--strict', 'warnings count as faults')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nWithout a module it checks what the environment and .env of this folder say. Faults end it with status 1.',
    )
    .action((module: string | undefined, options: DoctorOptions) => examine(module, options, terminal));
}

const NO_DATABASE = 'none is named: rooms that need tables are not there';
const MARKS: Readonly<Record<Finding['level'], string>> = { ok: '✓', warning: '!', fault: '✗' };

async function examine(module: string | undefined, options: DoctorOptions, { output }: Terminal): Promise<void> {
  const findings = await findAll(module, options);
  output.write(options.json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(lineOf).join(''));
  const faults = count(findings, 'fault');
  const warnings = count(findings, 'warning');
  if (faults === 0 && (warnings === 0 || !options.strict)) return;
  throw new KernelError('E_CLI', `Faults: ${faults}, warnings: ${warnings}`);
}

async function findAll(module: string | undefined, options: DoctorOptions): Promise<Finding[]> {
  loadEnvHierarchy({ rootDir: module === undefined ? process.cwd() : dirname(resolve(module)) });
  let service: Service;
  try {
    service = module === undefined ? configuredService() : await loadService(module, options.export);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...findingsOf(error), ...(await checkNamedServers())];
  }
  try {
    const { settings, environment, parts } = service.kernel;
    const isProd = environment === 'prod';
    const found = await Promise.all([
      checkSettings(settings, environment),
      checkMachine(settings),
      ...checkDatabases(settings, module === undefined ? undefined : tablesOf(settings, parts)),
      checkRedis(settings, isProd),
      checkMail(settings, isProd),
      checkStripe(settings),
      checkOAuth(settings),
    ]);
    return found.flat();
  } finally {
    await service.close();
  }
}

/** A service that has nothing but its configuration. */
function configuredService(environment: EnvironmentName = getEnv(environmentVariables())): Service {
  return assembleService({ name: 'app', config: ServiceConfig.fromEnv(), logger: silentLogger }, environment);
}

/** What the environment names is looked at also where the whole makes no service yet. */
async function checkNamedServers(): Promise<Finding[]> {
  let settings: KernelSettings;
  try {
    settings = configuredService('test').kernel.settings;
  } catch (error) {
    if (error instanceof ConfigError) return []; // not even a variable can be read
    throw error;
  }
  const { databaseUrl } = ServiceConfig.fromEnv().fields;
  const found = await Promise.all([
    checkMachine(settings),
    ...(databaseUrl === undefined ? [] : checkDatabases(settings, undefined)),
    settings.redis.url === null ? [] : checkRedis(settings, true),
    settings.email.smtpUrl === null ? [] : checkMail(settings, true),
  ]);
  return found.flat();
}

/** What holds rows, and where it is backed up. */
function checkDatabases(settings: KernelSettings, own: readonly EntityTarget[] | undefined): Array<Promise<Finding[]>> {
  const databases = databasesOf(settings, own);
  if (databases.length === 0) return [Promise.resolve([ok('database', NO_DATABASE)])];
  return [...databases.map((database) => checkDatabase(database, settings.database)), checkBackups(settings)];
}

function lineOf({ level, subject, message, mend }: Finding): string {
  return `${MARKS[level]} ${subject}: ${message}\n${mend === undefined ? '' : `    ${mend}\n`}`;
}

function count(findings: readonly Finding[], level: Finding['level']): number {
  return findings.filter((finding) => finding.level === level).length;
}
