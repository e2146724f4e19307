import type { Command } from 'commander';
import { KernelError } from '../../base/errors.js';
import {
  createPasswordHasher,
  ensureAdmin,
  isEmail,
  KernelAuthSession,
  KernelAuthUser,
  KernelUserStore,
} from '../../features/auth/index.js';
import { connect } from '../../orm/index.js';
import { readSecret, type Terminal } from '../terminal.js';
import { configuredDatabase } from './open-database.js';

interface CreateAdminOptions {
  email: string;
  databaseUrl?: string;
}

export function addCreateAdmin(program: Command, terminal: Terminal): void {
  program
    .command('create-admin')
    .description('Create an admin account, or make an existing account one')
    .requiredOption('--email <address>', 'the admin’s e-mail address')
    .option('--database-url <url>', 'default: DATABASE_URL, from the environment or .env')
    .addHelpText(
      'after',
      '\nThe password is asked for, or read from a pipe: echo "$PASSWORD" | app-kernel create-admin …',
    )
    .action((options: CreateAdminOptions) => createAdmin(options, terminal));
}

async function createAdmin({ email, databaseUrl }: CreateAdminOptions, terminal: Terminal): Promise<void> {
  if (!isEmail(email))
    throw new KernelError('E_CLI', `"${email}" is not an e-mail address; pass --email name@example.com`);
  const url = databaseUrl ?? configuredDatabase();
  const password = await readSecret('Password: ', terminal);
  const db = await connect(url, { entities: [KernelAuthUser, KernelAuthSession] });
  try {
    await db.migrate();
    const changed = await ensureAdmin({ email, password }, new KernelUserStore({ db }), createPasswordHasher());
    terminal.output.write(
      changed ? `${email} is an admin now\n` : `${email} was an admin already; nothing was changed\n`,
    );
  } finally {
    await db.close();
  }
}
