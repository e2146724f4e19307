import { validateHeaderName, validateHeaderValue } from 'node:http';
import { KernelError } from '../../base/errors.js';

/** What the connection itself says. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);
const METHOD = /^[A-Z][A-Z-]{0,30}$/;

/**
 * Refuses what cannot be sent before the pool sees it: undici 7 takes a connection out of the pool for each request that it
 * refuses, and never gives it back.
 * @throws KernelError `E_HTTP_REQUEST` naming the header; its value may be a secret
 */
export function checkRequest(method: string, headers: Readonly<Record<string, string>>): void {
  if (!METHOD.test(method)) throw refused(`${JSON.stringify(method.slice(0, 40))} is no method`);
  for (const [name, value] of Object.entries(headers)) {
    const shown = JSON.stringify(name.slice(0, 40));
    if (OF_THE_CONNECTION.has(name)) throw refused(`the header ${shown} is the connection's own; leave it out`);
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw refused(`the header ${shown} has a name or a value that no header can have`);
    }
  }
}

function refused(why: string): KernelError {
  return new KernelError('E_HTTP_REQUEST', `The request cannot be sent: ${why}`);
}
