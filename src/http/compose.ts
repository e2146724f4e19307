import type { HttpContext, HttpMiddleware, Next } from './request-state.js';

/** One middleware out of many, run in order; each may be called on by `next` once. */
export function compose(stack: readonly HttpMiddleware[]): HttpMiddleware {
  const [only] = stack;
  if (only && stack.length === 1) return only;
  return function composed(ctx, next) {
    return runFrom(stack, 0, ctx, next);
  };
}

function runFrom(stack: readonly HttpMiddleware[], index: number, ctx: HttpContext, next: Next): Promise<unknown> {
  const middleware = stack[index];
  if (!middleware) return next();
  let called = false;
  const following = (): Promise<unknown> => {
    if (called) return Promise.reject(new Error(`${middleware.name || 'A middleware'} called next() twice`));
    called = true;
    return runFrom(stack, index + 1, ctx, next);
  };
  try {
    return Promise.resolve(middleware(ctx, following));
  } catch (error) {
    return Promise.reject(error);
  }
}
