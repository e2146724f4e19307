import Stripe from 'stripe';
import { ConflictError, ConnectionError, KernelError } from '../../../base/errors.js';

/**
 * What `call` answers, its faults as the kernel names them.
 * @throws ConnectionError when Stripe is away, too slow, failing, or does not take our key
 * @throws KernelError `E_PAYMENT_FAILED` for a card that was declined
 * @throws ConflictError when another request is changing the same thing
 */
export async function askStripe<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translated(error);
  }
}

/** The same; `null` where Stripe knows no such thing. */
export async function findAtStripe<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (isMissing(error)) return null;
    throw translated(error);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.code === 'resource_missing';
}

function translated(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { errors } = Stripe;
  if (error instanceof errors.StripeCardError) {
    return new KernelError('E_PAYMENT_FAILED', error.message, { cause: error });
  }
  if (error instanceof errors.StripeIdempotencyError || error.code === 'lock_timeout') {
    return new ConflictError('Another request is changing this; try again', { cause: error });
  }
  if (error instanceof errors.StripeInvalidRequestError) return error;
  return new ConnectionError(`Stripe cannot be asked: ${error.message}`, { cause: error });
}
