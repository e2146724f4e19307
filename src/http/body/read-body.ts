import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { BadRequestError, BodyTooLargeError, UnsupportedMediaTypeError } from '../errors.js';

const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>();

export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * The whole body, decompressed; read once, however often it is asked for.
 * `maxBytes` bounds both what arrives and what it unpacks to, so that a small archive cannot fill the memory.
 * @throws BodyTooLargeError, UnsupportedMediaTypeError, BadRequestError
 */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  let body = bodies.get(req);
  if (!body) {
    body = collect(req, maxBytes);
    bodies.set(req, body);
  }
  return body;
}

/**
 * A stream that has ended early tells nobody who comes later: who would read it waits for ever.
 * @throws BadRequestError when the client has gone before its body was read.
 */
export function refuseCutOff(req: IncomingMessage): void {
  if (req.destroyed) throw new BadRequestError('The request was cut off');
}

function collect(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    refuseCutOff(req);
    const encoding = (req.headers['content-encoding'] ?? 'identity').toLowerCase();
    const decoder = encoding === 'identity' ? undefined : createDecoder(encoding);
    const source = decoder ?? req;
    const chunks: Buffer[] = [];
    let received = 0;
    let unpacked = 0;

    const stop = (error: Error): void => {
      req.removeAllListeners('data');
      if (decoder) {
        req.unpipe(decoder);
        decoder.removeAllListeners('data');
        decoder.destroy();
      }
      req.resume(); // what is still on its way is thrown away, so that the client gets to read the answer
      reject(error);
    };

    if (decoder) {
      req.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > maxBytes) stop(new BodyTooLargeError(maxBytes));
      });
      decoder.on('error', (error) => stop(new BadRequestError('The body could not be decompressed', { cause: error })));
      req.pipe(decoder);
    }
    source.on('data', (chunk: Buffer) => {
      unpacked += chunk.length;
      if (unpacked > maxBytes) stop(new BodyTooLargeError(maxBytes));
      else chunks.push(chunk);
    });
    source.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    req.once('error', (error) => {
      const isBound = error instanceof BodyTooLargeError;
      stop(isBound ? error : new BadRequestError('The body could not be read', { cause: error }));
    });
    req.once('close', () => {
      if (!req.readableEnded) reject(new BadRequestError('The request was cut off'));
    });
  });
}

function createDecoder(encoding: string): Transform {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new UnsupportedMediaTypeError('Content-Encoding must be gzip, deflate, br or identity');
  }
}
