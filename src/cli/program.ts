import { Command, CommanderError } from 'commander';
import { isKernelError } from '../base/errors.js';
import { version } from '../service/version.js';
import { addAdminWorker } from './admin-worker.js';
import { addClient } from './client.js';
import { addAudit } from './database/audit.js';
import { addBackups } from './database/backup.js';
import { addCreateAdmin } from './database/create-admin.js';
import { addMigrate } from './database/migrate.js';
import { addRestores } from './database/restore.js';
import { addDev } from './dev.js';
import { addDoctor } from './doctor.js';
import { addOpenApi } from './openapi.js';
import { addRoutes } from './routes.js';
import { addStart } from './start/start.js';
import { processTerminal, type Terminal } from './terminal.js';
import { addWorker } from './worker.js';

/** The command with all its own, ready to be parsed. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('app-kernel')
    .description('Runs and looks after services made with app-kernel')
    .version(version)
    .showHelpAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.output.write(text),
      writeErr: (text) => terminal.errors.write(text),
    });
  addDev(program, terminal);
  addStart(program, terminal);
  addDoctor(program, terminal);
  addRoutes(program, terminal);
  addOpenApi(program, terminal);
  addClient(program, terminal);
  addCreateAdmin(program, terminal);
  addBackups(program, terminal);
  addRestores(program, terminal);
  addMigrate(program, terminal);
  addWorker(program);
  addAdminWorker(program);
  addAudit(program, terminal);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

/**
 * Runs the `app-kernel` command.
 * @param args what follows the command's name.
 * @returns the exit status: 0, 1 for a fault, 2 for wrong use.
 */
export async function runCli(args: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.errors.write(`${describe(error)}\n`);
    return 1;
  }
}

/** Faults that the kernel explains need no stack; anything else is a bug and shows one. */
function describe(error: unknown): string {
  if (isKernelError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
