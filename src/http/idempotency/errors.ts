import { KernelError } from '../../base/errors.js';

/** The same request is being carried out right now: 409, with the seconds after which its answer may be there. */
export class RequestInFlightError extends KernelError {
  constructor() {
    super('E_IDEMPOTENCY_IN_FLIGHT', 'The same request is being carried out; ask again shortly', {
      details: { retryAfterSeconds: 1 },
    });
  }
}

/** An `Idempotency-Key` that was used for another request: 422. */
export class KeyReusedError extends KernelError {
  constructor() {
    super(
      'E_IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key was used for another request; a new request needs a new key',
    );
  }
}

/** The request was carried out, and its answer can no longer be read: 409. */
export class AnswerLostError extends KernelError {
  constructor() {
    super('E_CONFLICT', 'This request was carried out before, and its answer is no longer known');
  }
}
