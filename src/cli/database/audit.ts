import type { Command } from 'commander';
import { KernelError, SchemaError } from '../../base/errors.js';
import { KernelAuditLog, KernelAuditState, verifyChain } from '../../features/audit/index.js';
import { connect, type Database } from '../../orm/index.js';
import type { Terminal } from '../terminal.js';
import { configuredDatabase } from './open-database.js';

/** The place of a record in the chain, and its hash. */
interface ChainEnd {
  seq: number;
  hash: string;
}

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
  const expected = expect === undefined ? undefined : endOf(expect);
  const url = databaseUrl ?? configuredDatabase('adminDbUrl');
  const db = await connect(url, { entities: [KernelAuditLog, KernelAuditState] });
  try {
    await assertLog({ db });
    const { records, faults, begin, end } = await verifyChain({ db });
    for (const { seq, fault } of faults) terminal.output.write(`record ${seq}: ${fault}\n`);
    if (faults.length > 0) throw new KernelError('E_AUDIT_CHAIN', 'The audit log is not as it was written');
    if (expected) await assertHolds(expected, begin, { db });
    terminal.output.write(`${records} records are as they were written; the chain ends with ${end.seq}:${end.hash}\n`);
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
function endOf(expected: string): ChainEnd {
  const [, seq, hash = ''] = /^(\d+):([0-9a-f]{64})$/.exec(expected) ?? [];
  if (seq === undefined) throw new KernelError('E_CLI', `--expect ${expected}: write it as it was printed, seq:hash`);
  return { seq: Number(seq), hash };
}

/** @param begin the last record that retention removed, of which the place and the hash are still known */
async function assertHolds({ seq, hash }: ChainEnd, begin: ChainEnd, on: { db: Database }): Promise<void> {
  if (seq < begin.seq) {
    const why = `Retention has removed the records up to ${begin.seq}, so that nobody can compare record ${seq}`;
    throw new KernelError('E_AUDIT_CHAIN', `${why}; expect an end that was printed later`);
  }
  const isThere =
    seq === begin.seq ? hash === begin.hash : (await KernelAuditLog.count({ where: { seq, hash }, ...on })) === 1;
  if (!isThere)
    throw new KernelError('E_AUDIT_CHAIN', `The audit log has no record ${seq}:${hash}: it was written anew`);
}
