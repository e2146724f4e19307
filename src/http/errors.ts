import { KernelError, type KernelErrorOptions } from '../base/errors.js';

/** Nobody, or nobody we know, is asking: 401. */
export class AuthError extends KernelError {
  constructor(message = 'Not authenticated', options?: KernelErrorOptions) {
    super('E_UNAUTHENTICATED', message, options);
  }
}

/** The caller is known and may not do this: 403. */
export class ForbiddenError extends KernelError {
  constructor(message = 'Forbidden', options?: KernelErrorOptions) {
    super('E_FORBIDDEN', message, options);
  }
}

/** A request that cannot be understood, or asks for what makes no sense: 400. */
export class BadRequestError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_BAD_REQUEST', message, options);
  }
}

/** 405, with the methods that the path does take. */
export class MethodNotAllowedError extends KernelError {
  constructor(readonly allowed: readonly string[]) {
    super('E_METHOD_NOT_ALLOWED', 'Method Not Allowed', { details: { allowed } });
  }
}

/** 413. */
export class BodyTooLargeError extends KernelError {
  constructor(readonly maxBytes: number) {
    super('E_BODY_TOO_LARGE', `Request body too large (max ${describeBytes(maxBytes)})`, { details: { maxBytes } });
  }
}

/** A part of something that has no such part: 416. */
export class RangeNotSatisfiableError extends KernelError {
  constructor(readonly size: number) {
    super('E_RANGE', `There is no such part; it has ${size} bytes`, { details: { size } });
  }
}

/** A body of a type or an encoding that the route does not take: 415. */
export class UnsupportedMediaTypeError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_UNSUPPORTED_MEDIA_TYPE', message, options);
  }
}

/** 429. */
export class RateLimitedError extends KernelError {
  constructor(
    readonly retryAfterSeconds: number,
    message = 'Rate limit exceeded',
  ) {
    super('E_RATE_LIMITED', message, { details: { retryAfterSeconds } });
  }
}

function describeBytes(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${Math.floor(bytes / (1024 * 1024))}MB`;
  return bytes >= 1024 ? `${Math.floor(bytes / 1024)}KB` : `${bytes} bytes`;
}
