import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { KernelError } from '../../base/errors.js';
import type { ResolvedHttpConfig } from './http-config.js';

/** What a server may pack its answer in. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

const UNPACKERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
};

export interface BodyOptions extends Pick<ResolvedHttpConfig, 'maxResponseBytes' | 'cutBodies'> {
  /** `Content-Encoding` of an answer that has a body. */
  encoding: string | null;
  /** The address as it may be shown. */
  from: string;
  signal: AbortSignal | undefined;
}

/**
 * Reads the body and unpacks it on the way, so that what counts is what it comes to: a few kilobytes may be gigabytes. With
 * `cutBodies` the answer counts from its status on, whatever becomes of its body.
 * @throws KernelError `E_HTTP_BODY` for one that is too long, or packed as nobody asked for
 */
export async function readBody(body: Readable, options: BodyOptions): Promise<Buffer> {
  const { maxResponseBytes, cutBodies, from, signal } = options;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of unpacked(body, options)) {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxResponseBytes)
        throw bodyFault(`${from} answered more than ${maxResponseBytes} bytes; see maxResponseBytes`);
    }
  } catch (error) {
    if (!cutBodies || signal?.aborted) throw error;
  }
  return Buffer.concat(chunks).subarray(0, maxResponseBytes);
}

async function* unpacked(body: Readable, { encoding, from }: BodyOptions): AsyncGenerator<Buffer> {
  if (encoding === null || encoding === 'identity') return yield* body;
  const unpack = UNPACKERS[encoding.trim().toLowerCase()];
  if (!unpack) {
    body.on('error', () => {}).destroy();
    throw bodyFault(
      `${from} answered in the encoding "${encoding.slice(0, 40)}"; asked for were ${ACCEPTED_ENCODINGS}`,
    );
  }
  try {
    yield* pipeline(body, unpack(), () => {}) as AsyncIterable<Buffer>;
  } catch (error) {
    throw isOfPacking(error) ? bodyFault(`${from} answered something that is no ${encoding}`, error) : error;
  }
}

/** Faults of zlib have a number and a name of their own. */
function isOfPacking(error: unknown): boolean {
  const { code, errno } = error as NodeJS.ErrnoException;
  return typeof errno === 'number' && /^(Z_|ERR_)/.test(code ?? '');
}

function bodyFault(message: string, cause?: unknown): KernelError {
  return new KernelError('E_HTTP_BODY', message, { cause });
}
