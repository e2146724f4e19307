import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { KernelError } from '../base/errors.js';
import { environmentVariables, loadEnvHierarchy, writtenEnvironment } from '../service/env/index.js';
import type { Service } from '../service/service.js';
import { importModule } from './import-module.js';

export interface ServiceModuleOptions {
  export: string;
}

/** The argument and the option of every command that looks at a service. */
export function takesService(command: Command, argument = '<module>'): Command {
  return command
    .argument(argument, 'compiled module that makes the service, such as dist/service.js')
    .option('--export <name>', 'what it exports: a service, or a function that answers one', 'service');
}

/** Reads the `.env` files beside the module. Where no environment is named it is `dev`: commands that only look need no secrets. */
export function prepareEnvironment(module: string): void {
  loadEnvHierarchy({ rootDir: dirname(resolve(module)) });
  const variables = environmentVariables();
  if (writtenEnvironment(variables) === undefined) variables.APP_ENV = 'dev';
}

/**
 * The service that `module` makes; it is not started.
 * @throws KernelError `E_CLI`; ConfigError of `createService`
 */
export async function loadService(module: string, exported: string): Promise<Service> {
  const found = (await importModule(module))[exported];
  const service: unknown = typeof found === 'function' ? await found() : found;
  if (isService(service)) return service;
  const mend = 'export it (export const service = createService(…)), or name what it is called: --export <name>';
  throw new KernelError('E_CLI', `${module} exports no service named "${exported}"; ${mend}`);
}

/** By its shape, for the module may have another copy of this package. */
function isService(value: unknown): value is Service {
  const service = value as Partial<Service> | null | undefined;
  return typeof service?.inject === 'function' && typeof service.close === 'function' && service.kernel !== undefined;
}
