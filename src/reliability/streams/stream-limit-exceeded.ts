import { KernelError } from '../../base/errors.js';

/** A user has as many streams open as they may: 429. */
export class StreamLimitExceeded extends KernelError {
  constructor(
    readonly userId: string,
    readonly limit: number,
    readonly active: number,
  ) {
    super('E_STREAM_LIMIT', `Too many concurrent streams (limit: ${limit}, active: ${active})`, {
      details: { limit, active },
    });
  }
}
