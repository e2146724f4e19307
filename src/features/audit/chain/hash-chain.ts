import { createHash } from 'node:crypto';
import type { KernelAuditLog } from '../entities.js';

/** What of a record its hash vouches for. */
const SEALED = [
  'eventId',
  'seq',
  'action',
  'status',
  'entity',
  'entityId',
  'entityVersion',
  'changes',
  'oldSnapshot',
  'newSnapshot',
  'metadata',
  'comment',
  'userId',
  'actorType',
  'requestId',
  'workspaceId',
  'ip',
  'userAgent',
] as const satisfies ReadonlyArray<keyof KernelAuditLog>;

export type SealedFields = Pick<KernelAuditLog, (typeof SEALED)[number] | 'timestamp'>;

/** The end of a chain: the place of its last record, and that one's hash. */
export interface ChainEnd {
  seq: number;
  hash: string;
}

/** What comes before the first record. */
const CHAIN_START: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

/** The hash of a record that follows one with the hash `before`. */
export function sealOf(record: SealedFields, before: string): string {
  const values = SEALED.map((field) => record[field] ?? null);
  return createHash('sha256')
    .update(JSON.stringify([before, record.timestamp.toISOString(), ...values]))
    .digest('hex');
}

export function chainEndOf(text: string): ChainEnd {
  const [seq = '', hash = ''] = text.split(' ');
  return text === '' ? CHAIN_START : { seq: Number(seq), hash };
}

export const chainEndText = ({ seq, hash }: ChainEnd): string => `${seq} ${hash}`;
