import { ConflictError, ConnectionError, KernelError } from '../../../base/errors.js';

/** An error of Stripe's client, told by its shape, so that the package need not be loaded to look. */
interface StripeFault extends Error {
  readonly type: string;
  readonly code?: string;
}

function isStripeFault(error: unknown): error is StripeFault {
  return error instanceof Error && 'type' in error && String(error.type).startsWith('Stripe');
}

export function isMissing(error: unknown): boolean {
  return isStripeFault(error) && error.code === 'resource_missing';
}

/** As the kernel names it; what is not of Stripe stays as it is. */
export function translated(error: unknown): unknown {
  if (!isStripeFault(error)) return error;
  const { type, code, message } = error;
  const options = { cause: error };
  if (type === 'StripeCardError') return new KernelError('E_PAYMENT_FAILED', message, options);
  if (type === 'StripeIdempotencyError' || code === 'lock_timeout') {
    return new ConflictError('Another request is changing this; try again', options);
  }
  if (type === 'StripeInvalidRequestError') return new KernelError('E_STRIPE_REFUSED', `Stripe: ${message}`, options);
  return new ConnectionError(`Stripe cannot be asked: ${message}`, options);
}
