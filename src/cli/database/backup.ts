import type { Command } from 'commander';
import { KernelError } from '../../base/errors.js';
import type { BackupEntry, BackupPlace, BackupProgress } from '../../orm/index.js';
import type { Terminal } from '../terminal.js';
import { type DatabaseOptions, takesDatabase, withDatabase } from './open-database.js';

/** `backup`, `backups` and `verify`. */
export function addBackups(program: Command, terminal: Terminal): void {
  takesDatabase(program.command('backup').description('Write a full backup to <data-dir>/backups')).action(
    (options: DatabaseOptions) => backUp(options, terminal),
  );
  takesDatabase(program.command('backups').description('List the backups that are complete, newest first')).action(
    (options: DatabaseOptions) => list(options, terminal),
  );
  takesDatabase(
    program
      .command('verify')
      .description('Check a backup, and restore it into a scratch database from which it must come out byte by byte')
      .argument('<name>', 'as `backups` lists it'),
  ).action((name: string, options: DatabaseOptions) => verify(name, options, terminal));
}

function backUp(options: DatabaseOptions, terminal: Terminal): Promise<void> {
  return withDatabase(options, terminal, async (db) => {
    const { name, tables, rows, native, places } = await db.backup({ onProgress: progressBar(terminal) });
    const dump = native === null ? '' : ', and a native one';
    terminal.output.write(`${name}: ${tables} tables, ${rows} rows${dump}, ${placesOf(places)}\n`);
    if (db.storesBackups && !places.includes('store'))
      throw new KernelError('E_CLI', 'The backup is complete on this machine, but it could not be stored');
  });
}

function list(options: DatabaseOptions, terminal: Terminal): Promise<void> {
  return withDatabase(options, terminal, async (db) => {
    const backups = await db.listBackups();
    if (backups.length === 0) terminal.errors.write('There is no backup yet\n');
    for (const backup of backups) terminal.output.write(`${lineOf(backup)}\n`);
  });
}

function verify(name: string, options: DatabaseOptions, terminal: Terminal): Promise<void> {
  return withDatabase(options, terminal, async (db) => {
    const { verified, faults } = await db.verifyBackup(name);
    if (!verified) throw new KernelError('E_CLI', `${name} is not good: ${faults.join('; ')}`);
    terminal.output.write(`${name} is verified\n`);
  });
}

function lineOf({ name, createdAt, engine, tables, rows, verification, places }: BackupEntry): string {
  return [name, createdAt, engine, `${tables} tables`, `${rows} rows`, verification, placesOf(places)].join('  ');
}

function placesOf(places: readonly BackupPlace[]): string {
  const said = { local: 'here', store: 'in the store' };
  return places.map((place) => said[place]).join(' and ');
}

const WIDTH = 30;

/** One line that is written over again and again; nothing where nobody looks. */
function progressBar({ errors }: Terminal): (progress: BackupProgress) => void {
  const isSeen = (errors as { isTTY?: boolean }).isTTY === true;
  return ({ phase, table = phase, rows = 0, tables }) => {
    if (!isSeen) return;
    const filled = tables.of === 0 ? 0 : Math.round((tables.done / tables.of) * WIDTH);
    const bar = `${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}`;
    errors.write(`\r\x1b[K[${bar}] ${table}${rows > 0 ? ` ${rows} rows` : ''}${phase === 'done' ? '\n' : ''}`);
  };
}
