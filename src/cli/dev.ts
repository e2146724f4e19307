import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { KernelError } from '../base/errors.js';
import { environmentVariables, writtenEnvironment } from '../service/env/index.js';
import { checkEntry } from './entry.js';
import type { Terminal } from './terminal.js';

const FORWARDED = ['SIGINT', 'SIGTERM'] as const;

export function addDev(program: Command, terminal: Terminal): void {
  program
    .command('dev')
    .description('Run a service and restart it when its files change')
    .argument('<entry>', 'compiled entry script, such as dist/main.js')
    .argument('[args...]', 'arguments of the script')
    .passThroughOptions()
    .addHelpText('after', '\nRun "tsc --watch" beside it. What follows the script are its own arguments.')
    .action((entry: string, args: string[]) => runDev(entry, args, terminal));
}

async function runDev(entry: string, args: readonly string[], terminal: Terminal): Promise<void> {
  checkEntry(entry);
  const variables = environmentVariables();
  const environment = writtenEnvironment(variables) ?? 'dev';
  terminal.errors.write(`Watching ${entry} (${environment}); Ctrl+C ends it\n`);
  const child = spawn(process.execPath, ['--watch', '--enable-source-maps', entry, ...args], {
    stdio: 'inherit',
    env: { ...variables, APP_ENV: environment },
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    const [code] = await once(child, 'exit');
    if (code) throw new KernelError('E_CLI', `${entry} ended with status ${code}`);
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}
