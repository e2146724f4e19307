import { KernelError } from '../../base/errors.js';

/** An answer of a remote server that is no success. Its body is at hand, and in no message. */
export class HttpError extends KernelError {
  constructor(
    readonly status: number,
    readonly url: string,
    readonly headers: Headers,
    readonly body: string,
  ) {
    super('E_HTTP', `${url} answered ${status}`, { details: { status } });
  }

  /** Seconds after which the server wants to be asked again, where it says so. */
  get retryAfterSeconds(): number | undefined {
    return retryAfter(this.headers);
  }
}

/** `Retry-After` as seconds or as a date. */
function retryAfter(headers: Headers, now = Date.now()): number | undefined {
  const given = headers.get('retry-after');
  if (given === null) return undefined;
  const seconds = /^\d+$/.test(given) ? Number(given) : (Date.parse(given) - now) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
