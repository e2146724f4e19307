import type { Command } from 'commander';
import { KernelError } from '../base/errors.js';
import { KernelAuditLog, KernelAuditState, verifyChain } from '../features/audit/index.js';
import { connect } from '../orm/index.js';
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
  const url = databaseUrl ?? configuredDatabase('adminDbUrl');
  const db = await connect(url, { entities: [KernelAuditLog, KernelAuditState] });
  try {
    const { records, faults, begin, end } = await verifyChain({ db });
    for (const { seq, fault } of faults) terminal.output.write(`record ${seq}: ${fault}\n`);
    if (faults.length > 0) throw new KernelError('E_AUDIT_CHAIN', 'The audit log is not as it was written');
    if (expect !== undefined) await assertHolds(expect, begin, { db });
    terminal.output.write(`${records} records are as they were written; the chain ends with ${end.seq}:${end.hash}\n`);
  } finally {
    await db.close();
  }
}

/** @param begin the last record that retention removed, of which the place and the hash are still known */
async function assertHolds(
  expected: string,
  begin: { seq: number; hash: string },
  on: { db: Awaited<ReturnType<typeof connect>> },
): Promise<void> {
  const [, digits, hash = ''] = /^(\d+):([0-9a-f]{64})$/.exec(expected) ?? [];
  if (digits === undefined)
    throw new KernelError('E_CLI', `--expect ${expected}: write it as it was printed, seq:hash`);
  const seq = Number(digits);
  if (seq < begin.seq) {
    const why = `Retention has removed the records up to ${begin.seq}, so that nobody can compare record ${seq}`;
    throw new KernelError('E_AUDIT_CHAIN', `${why}; expect an end that was printed later`);
  }
  const isThere =
    seq === begin.seq ? hash === begin.hash : (await KernelAuditLog.count({ where: { seq, hash }, ...on })) === 1;
  if (!isThere) throw new KernelError('E_AUDIT_CHAIN', `The audit log has no record ${expected}: it was written anew`);
}
