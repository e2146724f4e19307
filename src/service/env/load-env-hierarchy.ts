import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { ConfigError } from '../../base/errors.js';
import { writtenEnvironment } from './environment.js';
import { type EnvironmentVariables, environmentVariables } from './environment-variables.js';

export interface LoadEnvOptions {
  /** The directory next to the service's entry script ("sibling"); its parent and grandparent are searched too. */
  rootDir?: string;
  /** Picks `.env.{environment}`; default `APP_ENV`, else `ENV`, else `prod`, as set before any file is read. */
  environment?: string;
  /** What is filled; default `process.env`. */
  variables?: EnvironmentVariables;
}

const ENVIRONMENT_NAMES = ['APP_ENV', 'ENV'];

/**
 * Fills variables that are not set yet from `.env` files. What the operating system set always wins, then the entry
 * script's own directory, then its parent, then its grandparent; within a directory `.env.{environment}` over `.env`.
 * Where the operating system names the environment, by either variable, no file names another: `APP_ENV=dev` in a forgotten
 * file must not switch the checks of `ENV=production` off.
 * @returns the files that were read, the one with the most authority first.
 * @throws ConfigError when a file exists and cannot be read.
 */
export function loadEnvHierarchy(options: LoadEnvOptions = {}): string[] {
  const variables = options.variables ?? environmentVariables();
  const named = writtenEnvironment(variables);
  const isTaken = (name: string): boolean =>
    variables[name] !== undefined || (named !== undefined && ENVIRONMENT_NAMES.includes(name));
  const environment = options.environment ?? named ?? 'prod';
  const read: string[] = [];
  for (const file of candidates(options.rootDir ?? entryDirectory(), environment)) {
    const content = readIfPresent(file);
    if (content === undefined) continue;
    read.push(file);
    for (const [name, value] of Object.entries(parse(content))) if (!isTaken(name)) variables[name] = value;
  }
  return read;
}

/** The directory of the script that Node was started with; the working directory where there is none. */
export function entryDirectory(): string {
  const script = process.argv[1];
  return script === undefined ? process.cwd() : dirname(resolve(script));
}

function candidates(rootDir: string, environment: string): string[] {
  const sibling = resolve(rootDir);
  const parent = dirname(sibling);
  // A name with a path in it picks no file: it comes from a variable, and files outside these three are not meant.
  const names = /^[\w-]+$/.test(environment) ? [`.env.${environment}`, '.env'] : ['.env'];
  const directories = new Set([sibling, parent, dirname(parent)]);
  return [...directories].flatMap((directory) => names.map((name) => join(directory, name)));
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    const mend = 'Make it readable for the user that runs the service, or remove it';
    throw new ConfigError('The environment files cannot be loaded:', [
      { field: file, fault: `cannot be read (${String(code)})`, mend },
    ]);
  }
}
