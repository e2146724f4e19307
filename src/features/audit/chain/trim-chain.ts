import type { Database } from '../../../orm/index.js';
import { KernelAuditLog } from '../entities.js';
import { CHAIN_TRIMMED, readState, writeState } from './audit-state.js';
import { type ChainEnd, chainEndOf, chainEndText } from './hash-chain.js';

const ROWS_AT_A_TIME = 1_000;

/**
 * Removes the oldest records before a moment, a batch, and notes where the chain begins now, in one transaction. It stops
 * at the first record that is to stay: a chain has no holes. @returns how many went.
 */
export function trimChain(telemetry: Database, before: Date): Promise<number> {
  return telemetry.context(async (db) => {
    const oldest = await KernelAuditLog.find({
      orderBy: { seq: 'asc' },
      select: ['seq', 'hash', 'timestamp'],
      limit: ROWS_AT_A_TIME,
      db,
    });
    const stays = oldest.findIndex(({ timestamp }) => timestamp >= before);
    const old = stays === -1 ? oldest : oldest.slice(0, stays);
    const last = old.at(-1);
    if (!last) return 0;
    const begin: ChainEnd = { seq: last.seq, hash: last.hash };
    if (begin.seq > chainEndOf(await readState(CHAIN_TRIMMED, { db })).seq)
      await writeState(CHAIN_TRIMMED, chainEndText(begin), { db });
    return KernelAuditLog.deleteMany({ seq: { lte: begin.seq } }, { db });
  });
}
