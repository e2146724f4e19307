import type { AmbientContext } from '../../base/context.js';
import { KernelError } from '../../base/errors.js';
import type { PriorityLetter } from './entry.js';

/** What of the ambient context travels with a job. */
export type CarriedContext = Pick<AmbientContext, 'requestId' | 'actor' | 'tenantId' | 'trace'>;

/** A job as its producer made it; it does not change until the job ends. */
export interface Envelope {
  task: string;
  data: unknown;
  priority: PriorityLetter;
  maxAttempts: number;
  timeoutMs: number;
  userId?: string | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
  context?: CarriedContext | undefined;
}

/** An envelope as Redis holds it, with the time that Redis took it in. */
export interface StoredEnvelope extends Envelope {
  /** Unix ms. */
  enqueuedAtMs: number;
  /** The stored text. */
  text: string;
}

interface PackedEnvelope {
  t: string;
  d?: unknown;
  a?: number;
  o?: number;
  u?: string;
  m?: Readonly<Record<string, unknown>>;
  c?: CarriedContext;
}

/** Values that the stored form leaves out. They belong to the format: changing one changes stored jobs. */
const OMITTED = { maxAttempts: 3, timeoutMs: 300_000 } as const;
/** Of the time that stands before an envelope. */
export const TIME_DIGITS = 13;

/** The stored form without its time, which the server puts before it: priority letter, then short-named JSON. */
export function packEnvelope(envelope: Envelope): string {
  const packed: PackedEnvelope = { t: envelope.task };
  if (envelope.data !== undefined) packed.d = envelope.data;
  if (envelope.maxAttempts !== OMITTED.maxAttempts) packed.a = envelope.maxAttempts;
  if (envelope.timeoutMs !== OMITTED.timeoutMs) packed.o = envelope.timeoutMs;
  if (envelope.userId !== undefined) packed.u = envelope.userId;
  if (envelope.metadata !== undefined) packed.m = envelope.metadata;
  if (envelope.context !== undefined) packed.c = envelope.context;
  return envelope.priority + JSON.stringify(packed);
}

export function unpackEnvelope(text: string): StoredEnvelope {
  const letter = text[TIME_DIGITS];
  const enqueuedAtMs = Number(text.slice(0, TIME_DIGITS));
  if (!letter || Number.isNaN(enqueuedAtMs)) {
    throw new KernelError('E_QUEUE_FORMAT', 'The stored job is not one of this queue');
  }
  const packed = JSON.parse(text.slice(TIME_DIGITS + 1)) as PackedEnvelope;
  return {
    task: packed.t,
    data: packed.d,
    priority: letter as PriorityLetter,
    maxAttempts: packed.a ?? OMITTED.maxAttempts,
    timeoutMs: packed.o ?? OMITTED.timeoutMs,
    userId: packed.u,
    metadata: packed.m,
    context: packed.c,
    enqueuedAtMs,
    text,
  };
}

/** Reads a stored text; one that is not a job is wrapped, with its fault, so that it shows among the dead letters. */
export function readEnvelope(text: string): { envelope: StoredEnvelope; fault?: unknown } {
  try {
    return { envelope: unpackEnvelope(text) };
  } catch (fault) {
    const packed = JSON.stringify({ t: '(unreadable)', d: text });
    return { envelope: unpackEnvelope(`${String(Date.now()).padStart(TIME_DIGITS, '0')}n${packed}`), fault };
  }
}
