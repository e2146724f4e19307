import type { HttpMiddleware } from '../request-state.js';

export interface RateLimitRule {
  limit: number;
  windowSeconds: number;
}

/** What a middleware says about the routes it stands on, readable before it runs. Rooms add marks by merging. */
export interface RouteMarks {
  /** Replaces the tier; `null` lifts every limit. */
  rateLimit?: RateLimitRule | null;
  /** Repeats are answered with the first answer, for this long. */
  idempotencySeconds?: number;
  /** Successful requests are logged at debug: probes come every few seconds and say nothing. */
  quiet?: boolean;
}

const MARKS = Symbol.for('app-kernel.route-marks');

/** Writes `marks` onto `middleware`, so that the outer stages know them before the route runs. */
export function markMiddleware<M extends HttpMiddleware>(middleware: M, marks: RouteMarks): M {
  Object.defineProperty(middleware, MARKS, { value: Object.freeze(marks) });
  return middleware;
}

/** The marks of a chain of middleware; the innermost wins. */
export function marksOf(chain: readonly unknown[]): RouteMarks {
  return Object.assign({}, ...chain.map(marksOn));
}

function marksOn(middleware: unknown): RouteMarks | undefined {
  return typeof middleware === 'function' ? (middleware as { [MARKS]?: RouteMarks })[MARKS] : undefined;
}
