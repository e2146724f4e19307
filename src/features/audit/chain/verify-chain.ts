import type { SessionHandle } from '../../../orm/index.js';
import { KernelAuditLog } from '../entities.js';
import { CHAIN_END, CHAIN_TRIMMED, readState } from './audit-state.js';
import { type ChainEnd, chainEndOf, sealOf } from './hash-chain.js';

/** One thing that is not as it was written. */
export interface ChainFault {
  /** Place in the chain. */
  seq: number;
  fault: 'edited' | 'missing' | 'unexpected';
}

export interface ChainReport {
  /** How many records were compared. */
  records: number;
  /** The first hundred. */
  faults: readonly ChainFault[];
  /** The last record that retention removed: what comes first now was compared with its hash. */
  begin: ChainEnd;
  /** The last record's place and hash. Kept elsewhere, they show later that nothing before them was written anew. */
  end: ChainEnd;
}

const PAGE = 1_000;
const MOST_FAULTS = 100;

/** Compares every record with its hash and with the one before it; finds what was edited, removed or put in. */
export async function verifyChain(on: { db: SessionHandle }): Promise<ChainReport> {
  const end = chainEndOf(await readState(CHAIN_END, on)); // first: what is appended meanwhile is not looked at
  const trimmed = chainEndOf(await readState(CHAIN_TRIMMED, on));
  const links = new Links(trimmed);
  for (;;) {
    const page = await KernelAuditLog.find({
      where: { seq: { gt: links.last.seq, lte: end.seq } },
      orderBy: { seq: 'asc' },
      limit: PAGE,
      includeDeleted: true,
      ...on,
    });
    for (const record of page) links.follow(record);
    if (page.length < PAGE) break;
  }
  links.endWith(end);
  await noteUnexpected(trimmed, (seq) => links.note(seq, 'unexpected'), on);
  return { records: links.records, faults: links.faults, begin: trimmed, end };
}

/** Goes along a chain, link by link. */
class Links {
  readonly faults: ChainFault[] = [];
  records = 0;
  last: ChainEnd;

  constructor(begin: ChainEnd) {
    this.last = begin;
  }

  note(seq: number, fault: ChainFault['fault']): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push({ seq, fault });
  }

  follow(record: KernelAuditLog): void {
    // After a gap nobody knows the hash before; the record's own is taken on trust, the gap is told.
    const isNext = record.seq === this.last.seq + 1;
    this.#noteGap(record.seq);
    // Nothing here is ever deleted softly: such a record was taken out of sight.
    if (record.deletedAt || (isNext && sealOf(record, this.last.hash) !== record.hash)) this.note(record.seq, 'edited');
    this.last = { seq: record.seq, hash: record.hash };
    this.records += 1;
  }

  endWith(end: ChainEnd): void {
    this.#noteGap(end.seq + 1);
    if (this.last.seq === end.seq && this.last.hash !== end.hash) this.note(end.seq, 'edited');
  }

  #noteGap(before: number): void {
    const stop = Math.min(before, this.last.seq + 1 + MOST_FAULTS);
    for (let seq = this.last.seq + 1; seq < stop; seq++) this.note(seq, 'missing');
  }
}

/** Below its begin the chain has no records. Beyond its end there are only those that were appended since it was read. */
async function noteUnexpected(
  { seq: trimmed }: ChainEnd,
  note: (seq: number) => void,
  on: { db: SessionHandle },
): Promise<void> {
  const { seq: end } = chainEndOf(await readState(CHAIN_END, on));
  const where = '[seq] <= ? OR [seq] > ?';
  const found = await KernelAuditLog.find({
    where,
    params: [trimmed, end],
    orderBy: { seq: 'asc' },
    limit: MOST_FAULTS,
    includeDeleted: true,
    ...on,
  });
  const now = chainEndOf(await readState(CHAIN_END, on));
  for (const { seq } of found) if (seq <= trimmed || seq > now.seq) note(seq);
}
