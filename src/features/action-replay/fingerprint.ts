import { createHash } from 'node:crypto';
import type { ReplayStep } from './entities.js';

/** What makes two errors two: everything else in their texts is ids and numbers. */
interface Fault {
  errorSource: string;
  errorMessage: string;
  replayLog: readonly ReplayStep[];
}

/** What differs from one occurrence to the next, in this order: UUIDs, long hex words, numbers. */
const VARYING = [/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi, /\b(?=[a-z]*\d)[0-9a-f]{8,}\b/gi, /\d+/g];
/** `index-BxY_3kPq.js` is `index` of another build. */
const BUILD_HASH = /[.-][\w-]{8,}(?=\.\w+$)/;

/** The same text for errors of one source whose messages differ in ids and numbers alone, and which one file has thrown. */
export function fingerprintOf({ errorSource, errorMessage, replayLog }: Fault): string {
  const message = VARYING.reduce((text, pattern) => text.replace(pattern, '#'), errorMessage);
  const parts = [errorSource, message, throwerOf(replayLog)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The file that the last error step names. */
function throwerOf(steps: readonly ReplayStep[]): string {
  const detail = steps.findLast(({ type }) => type === 'error')?.detail;
  const filename = (detail as { filename?: unknown } | undefined)?.filename;
  return typeof filename === 'string' ? filename.replace(BUILD_HASH, '') : '';
}
