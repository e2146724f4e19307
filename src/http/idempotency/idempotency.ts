import { KernelError } from '../../base/errors.js';
import type { Logger } from '../../base/ports.js';
import type { HeldClaim, IdempotencyStore } from '../../reliability/index.js';
import { DEFAULT_MAX_BODY_SIZE } from '../body/limit-body.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { markMiddleware } from '../routing/route-marks.js';
import { AnswerLostError, KeyReusedError, RequestInFlightError } from './errors.js';
import { readAnswer, writeAnswer } from './kept-answer.js';
import { idempotencyKey, identifyRepeat } from './request-identity.js';

const YEAR_SECONDS = 31_536_000;
const MUTATING = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export interface IdempotencyOptions {
  store: IdempotencyStore;
  /** How long an answer to a request with an `Idempotency-Key` is kept. */
  ttlSeconds: number;
  logger: Logger;
}

interface Guarded {
  /** The request's own key. */
  given: string | undefined;
  always: number | undefined;
  maxBytes: number;
}

/** Answers a repeated request as it was answered the first time, without carrying it out again. */
export class Idempotency {
  readonly #store: IdempotencyStore;
  readonly #ttlSeconds: number;
  readonly #logger: Logger;
  /** Requests that are under this guard already: it stands around a route and may be named by it as well. */
  readonly #guarded = new WeakSet<HttpContext>();

  constructor({ store, ttlSeconds, logger }: IdempotencyOptions) {
    this.#store = store;
    this.#ttlSeconds = ttlSeconds;
    this.#logger = logger;
  }

  /**
   * Runs the rest of the request once. What the route answers is kept, unless it is a server error or a stream; what it
   * throws is not, and the next request of that kind runs again.
   * @param always seconds to keep the answer for where the request gives no key; absent: only requests with a key
   */
  once(ctx: HttpContext, next: Next, always?: number, maxBytes = bodyLimit(ctx)): Promise<unknown> {
    const given = idempotencyKey(ctx);
    const asked = always !== undefined || (given !== undefined && MUTATING.has(ctx.method));
    return !asked || this.#guarded.has(ctx) ? next() : this.#guard(ctx, next, { given, always, maxBytes });
  }

  async #guard(ctx: HttpContext, next: Next, { given, always, maxBytes }: Guarded): Promise<unknown> {
    const identity = await identifyRepeat(ctx, given, maxBytes);
    if (!identity) return next();
    this.#guarded.add(ctx);
    const claim = await this.#store.claim(identity.key, identity.fingerprint);
    switch (claim.state) {
      case 'first':
        return this.#carryOut(ctx, next, claim.claim, always ?? this.#ttlSeconds);
      case 'done':
        return writeAnswer(ctx, claim.result);
      case 'in flight':
        throw new RequestInFlightError();
      case 'mismatch':
        throw new KeyReusedError();
      case 'unreadable':
        throw new AnswerLostError();
    }
  }

  async #carryOut(ctx: HttpContext, next: Next, claim: HeldClaim, ttlSeconds: number): Promise<void> {
    const before = ctx.res.getHeaders();
    let answer: string | undefined;
    try {
      await next();
      answer = readAnswer(ctx, before);
    } finally {
      await this.#settle(claim, answer, ttlSeconds);
    }
  }

  /** The answer stands, whatever becomes of its copy. */
  async #settle(claim: HeldClaim, answer: string | undefined, ttlSeconds: number): Promise<void> {
    try {
      if (answer === undefined) await claim.abandon();
      else if (!(await claim.complete(answer, ttlSeconds)))
        this.#logger.warn('A request outlived its claim: a repeat may have run beside it');
    } catch (error) {
      this.#logger.error({ err: error }, 'An answer could not be kept: a repeat of the request may run again');
    }
  }
}

/**
 * Carries out a request once for each caller and content, for a year or `ttlSeconds`: for what must never happen twice
 * (a welcome mail), not for what people repeat on purpose. Callers without a sign-in have to give an `Idempotency-Key`.
 */
export function idempotent({ ttlSeconds = YEAR_SECONDS }: { ttlSeconds?: number } = {}): HttpMiddleware {
  if (!(Number.isFinite(ttlSeconds) && ttlSeconds > 0)) {
    throw new KernelError('E_ROUTE', `idempotent(): ttlSeconds must be above 0, not ${ttlSeconds}`);
  }
  return markMiddleware(
    async function runOnce(ctx: HttpContext, next: Next) {
      const { idempotency } = ctx.state;
      if (idempotency === undefined)
        throw new KernelError('E_ROUTE', 'idempotent() needs the stack of a kernel around it');
      return idempotency ? idempotency.once(ctx, next, ttlSeconds) : next();
    },
    { idempotencySeconds: ttlSeconds },
  );
}

/** The stage around every route that heeds `Idempotency-Key`. */
export function heedIdempotencyKey(maxBodySize?: number): HttpMiddleware {
  return function heedKey(ctx: HttpContext, next: Next) {
    const { idempotency, route } = ctx.state;
    if (!idempotency) return next();
    return idempotency.once(ctx, next, route?.marks.idempotencySeconds, maxBodySize ?? bodyLimit(ctx));
  };
}

function bodyLimit(ctx: HttpContext): number {
  return ctx.state.bodyLimit ?? DEFAULT_MAX_BODY_SIZE;
}
