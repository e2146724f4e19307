import type { ServerResponse } from 'node:http';
import { finished, Stream } from 'node:stream';
import type { HttpContext } from '../request-state.js';

/**
 * Counts what is sent of an answer that is a stream, and tells once it is over, whoever ended it. To be called before Koa
 * begins to send. @returns false where the answer is none: its `Content-Length` says how long it is
 */
export function countStreamed(ctx: HttpContext, onEnd: (bytes: number) => void): boolean {
  if (!(ctx.body instanceof Stream)) return false;
  const sent = countWritten(ctx.res);
  finished(ctx.res, () => onEnd(sent()));
  return true;
}

/** Only of this one response: others keep the methods of their class. */
function countWritten(res: ServerResponse): () => number {
  let bytes = 0;
  for (const method of ['write', 'end'] as const) {
    const own = res[method] as (...args: unknown[]) => never;
    res[method] = function countAndSend(...args: unknown[]) {
      bytes += lengthOf(args[0], args[1]);
      return own.apply(res, args);
    } as never;
  }
  return () => bytes;
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (chunk instanceof Uint8Array) return chunk.byteLength;
  if (typeof chunk !== 'string') return 0;
  return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}
