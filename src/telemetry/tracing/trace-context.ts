import { randomBytes } from 'node:crypto';
import type { TraceContext } from '../../base/context.js';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const FRACTION = 2 ** 56;

/** The span that a request was sent from, by its `traceparent`; undefined for a header that is none. */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, traceId = NO_TRACE, spanId = NO_SPAN, flags = '00', more] = TRACEPARENT.exec(header) ?? [];
  if (traceId === NO_TRACE || spanId === NO_SPAN || version === 'ff' || (version === '00' && more)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function newTraceId(): string {
  return draw(NO_TRACE.length);
}

export function newSpanId(): string {
  return draw(NO_SPAN.length);
}

/** Drawn for many ids at once: a draw of its own takes an id 1.5 µs. */
const POOL_BYTES = 2_048;
let digits = '';
let drawn = 0;

function draw(count: number): string {
  if (drawn + count > digits.length) {
    digits = randomBytes(POOL_BYTES).toString('hex');
    drawn = 0;
  }
  drawn += count;
  return digits.slice(drawn - count, drawn);
}

/** Whether a trace is among the `rate` that is kept: told by its id, so that every service says the same. */
export function isKept(traceId: string, rate: number): boolean {
  if (rate >= 1) return true;
  return rate > 0 && Number.parseInt(traceId.slice(-14), 16) / FRACTION < rate;
}
