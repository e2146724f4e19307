import type { Command } from 'commander';
import { KernelError, SchemaError } from '../base/errors.js';
import { KernelAuditLog, KernelAuditState, verifyChain } from '../features/audit/index.js';
import { connect, type Database } from '../orm/index.js';
import { configuredDatabase } from './open-database.js';
import type { Terminal } from './terminal.js';

interface VerifyOptions {
  databaseUrl?: string;
  expect?: string;
}

export function addAudit(program: Command, terminal: Terminal): void {
  const audit = program.command('audit').description('Look after the audit log');
  audit
    .command('verify')
    .description('Find audit records that were edited, removed or put in')
    .option('--database-url <url>', 'where the log is; default: ADMIN_DB_URL, else DATABASE_URL')
    .option('--expect <seq:hash>', 'an end of the chain that was printed before: it must still be part of it')
    .action((options: VerifyOptions) => verify(options, terminal));
}

async function verify({ databaseUrl, expect }: VerifyOptions, terminal: Terminal): Promise<void> {
  const end = expect === undefined ? undefined : endOf(expect);
  const url = databaseUrl ?? configuredDatabase('adminDbUrl');
  const db = await connect(url, { entities: [KernelAuditLog, KernelAuditState] });
  try {
    await assertLog({ db });
    const chain = await verifyChain({ db });
    const { records, faults } = chain;
    for (const { seq, fault } of faults) terminal.output.write(`record ${seq}: ${fault}\n`);
    if (faults.length > 0) throw new KernelError('E_AUDIT_CHAIN', 'The audit log is not as it was written');
    if (end && (await KernelAuditLog.count({ where: { ...end }, db })) !== 1)
      throw new KernelError('E_AUDIT_CHAIN', `The audit log has no record ${expect}: it was written anew`);
    terminal.output.write(
      `${records} records are as they were written; the chain ends with ${chain.end.seq}:${chain.end.hash}\n`,
    );
  } finally {
    await db.close();
  }
}

/** @throws KernelError `E_CLI` for a database in which no service has kept a log */
async function assertLog(on: { db: Database }): Promise<void> {
  try {
    await KernelAuditState.count(on);
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause;
    const mend = 'name the one that the service writes to: --database-url, or ADMIN_DB_URL';
    throw new KernelError('E_CLI', `This database has no audit log; ${mend}`, { cause });
  }
}

/** @throws KernelError `E_CLI` */
function endOf(expected: string): { seq: number; hash: string } {
  const [, seq, hash = ''] = /^(\d+):([0-9a-f]{64})$/.exec(expected) ?? [];
  if (seq === undefined) throw new KernelError('E_CLI', `--expect ${expected}: write it as it was printed, seq:hash`);
  return { seq: Number(seq), hash };
}
