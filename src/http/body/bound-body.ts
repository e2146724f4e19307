import type { IncomingMessage } from 'node:http';
import { BodyTooLargeError } from '../errors.js';

/**
 * Holds a body that does not announce its length to `maxBytes`, whoever reads it: a plain router's handler, a multipart
 * parser. The reader gets `BodyTooLargeError`; one that does not listen for errors is cut off. What is still on its way
 * is thrown away, so that the client gets to read the answer.
 * @returns what tells how many bytes have come so far
 */
export function boundBody(req: IncomingMessage, maxBytes: number): () => number {
  const push = req.push.bind(req);
  let received = 0;
  req.push = function countAndPush(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (chunk === null) return push(null);
    const wasWithin = received <= maxBytes;
    received += chunk.length;
    if (received <= maxBytes) return push(chunk, encoding);
    if (wasWithin) interrupt(req, new BodyTooLargeError(maxBytes));
    return true;
  };
  return () => received;
}

function interrupt(req: IncomingMessage, error: BodyTooLargeError): void {
  if (req.listenerCount('error') > 0) req.emit('error', error);
  else if (req.listenerCount('data') > 0) req.destroy();
}
