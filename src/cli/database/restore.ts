import type { Command } from 'commander';
import { KernelError } from '../../base/errors.js';
import type { Terminal } from '../terminal.js';
import { assertEntities, type DatabaseOptions, takesDatabase, withDatabase } from './open-database.js';

interface RestoreOptions extends DatabaseOptions {
  tables?: string[];
  confirm?: boolean;
}

interface RevertOptions extends DatabaseOptions {
  to: string;
  confirm?: boolean;
}

const CONFIRM = ['--confirm', 'do it; without this, nothing is changed and you see what would be'] as const;

/** `restore` and `revert`. */
export function addRestores(program: Command, terminal: Terminal): void {
  takesDatabase(
    program
      .command('restore')
      .description('Replace the database by a backup; with --tables, import these tables into it')
      .argument('<name>', 'as `backups` lists it')
      .option('--tables <tables...>', 'import these tables and keep newer rows, such as users orders')
      .option(...CONFIRM),
  ).action((name: string, options: RestoreOptions) => restore(name, options, terminal));
  takesDatabase(
    program
      .command('revert')
      .description('Give tables the rows that they had at a moment, out of their histories')
      .argument('<tables...>', 'such as users orders')
      .requiredOption('--to <time>', 'the moment whose rows come back, such as 2026-02-10T14:30:00Z')
      .option(...CONFIRM),
  ).action((tables: string[], options: RevertOptions) => revert(tables, options, terminal));
}

function restore(name: string, { tables, confirm, ...options }: RestoreOptions, terminal: Terminal): Promise<void> {
  return withDatabase(options, terminal, async (db) => {
    if (tables) {
      const outcome = await db.restoreCsv(name, { tables, confirm: confirm === true });
      print(outcome, terminal);
      if (!outcome.dryRun && !outcome.ok) throw new KernelError('E_CLI', 'Not every table could be imported');
      return;
    }
    print(await db.restoreFull(name, { confirm: confirm === true }), terminal);
  });
}

function revert(tables: string[], { to, confirm, ...options }: RevertOptions, terminal: Terminal): Promise<void> {
  assertEntities(options, 'revert');
  const moment = momentOf(to);
  return withDatabase(options, terminal, async (db) => {
    for (const outcome of await db.revertAll(moment, { tables, confirm: confirm === true })) print(outcome, terminal);
  });
}

/** @throws KernelError `E_CLI` for what is no time, or is still to come */
function momentOf(to: string): Date {
  const moment = new Date(to);
  if (moment.getTime() < Date.now()) return moment;
  throw new KernelError('E_CLI', `--to ${to} is no moment of the past: write it as 2026-02-10T14:30:00Z`);
}

/** Without what only a program wants to know. */
function print(outcome: object, terminal: Terminal): void {
  const { migration: _, ...shown } = outcome as Record<string, unknown>;
  terminal.output.write(`${JSON.stringify(shown, null, 2)}\n`);
}
