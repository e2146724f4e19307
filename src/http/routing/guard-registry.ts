import { type AmbientContext, runWithContext } from '../../base/context.js';
import { KernelError } from '../../base/errors.js';
import type { HttpContext, Next } from '../request-state.js';
import { getCaller, getCurrentAdmin, getCurrentUser, getSignedInUser } from './guards.js';
import type { AuthGuards, AuthRequirement } from './route.js';

/** What a guard may leave behind for the handler: the tenant it has established, say. */
// biome-ignore lint/suspicious/noConfusingVoidType: a guard that leaves nothing behind just returns
export type GuardResult = AmbientContext | void;

/** Lets the request pass by returning, or throws `ForbiddenError`, `AuthError` or `NotFoundError`. */
export type Guard<Value = unknown> = (ctx: HttpContext, required: Value) => GuardResult | Promise<GuardResult>;

type GuardKind = Exclude<keyof AuthGuards, 'proof'>;

type Check = (ctx: HttpContext) => GuardResult | Promise<GuardResult>;

/** Checks a request and goes on to `next`; `undefined` where a route asks for nothing. */
export type RouteGuard = ((ctx: HttpContext, next: Next) => Promise<unknown>) | undefined;

/** The checks behind `auth: { scope, permission, workspace }`, registered by the rooms that know them. */
export class GuardRegistry {
  readonly #guards = new Map<string, Guard<never>>();

  register<Kind extends GuardKind>(kind: Kind, guard: Guard<NonNullable<AuthGuards[Kind]>>): void {
    this.#guards.set(kind, guard);
  }

  /** Takes what `other` has and this one lacks. */
  adopt(other: GuardRegistry): void {
    for (const [kind, guard] of other.#guards) if (!this.#guards.has(kind)) this.#guards.set(kind, guard);
  }

  /**
   * The check of a route. A kind that nobody registered would be a hole, so it fails at mount.
   * @throws KernelError `E_ROUTE`
   */
  compile(route: string, auth: AuthRequirement = 'none'): RouteGuard {
    if (auth === 'none' || auth === 'optional') return undefined;
    if (auth === 'user') return guardWith(getCurrentUser);
    if (auth === 'admin') return guardWith(getCurrentAdmin);
    const { proof, ...guards } = auth;
    // The workspace first: what a caller may do can depend on it.
    const inOrder = Object.entries(guards).sort(([one], [other]) => order(one) - order(other));
    const checks = inOrder.map(([kind, required]) => this.#check(route, kind, required));
    const checkCaller = callerCheck(route, auth);
    return async function checkGuards(ctx, next) {
      checkCaller(ctx);
      let changes: AmbientContext = {};
      for (const check of checks) changes = { ...changes, ...(await check(ctx)) };
      return Object.keys(changes).length > 0 ? runWithContext(changes, next) : next();
    };
  }

  #check(route: string, kind: string, required: unknown): Check {
    const guard = this.#guards.get(kind) as Guard | undefined;
    if (!guard) {
      throw new KernelError('E_ROUTE', `${route} asks for a ${kind}, but nothing here can check one; ${this.#mend()}`);
    }
    if (!required) throw new KernelError('E_ROUTE', `${route}: auth.${kind} is empty, which would let everyone pass`);
    return (ctx) => guard(ctx, required);
  }

  #mend(): string {
    const known = [...this.#guards.keys()];
    return known.length > 0 ? `known guards: ${known.join(', ')}` : 'no guard is registered yet';
  }
}

function order(kind: string): number {
  return kind === 'workspace' ? 0 : 1;
}

/** By which proof a caller may come. Where a scope is asked for, its guard decides about API keys. */
function callerCheck(route: string, { proof, scope }: AuthGuards): (ctx: HttpContext) => unknown {
  if (proof === 'session') return getSignedInUser;
  if (proof === 'any') {
    return (ctx) => {
      getCaller(ctx);
      ctx.state.isKeyAdmitted = true;
    };
  }
  if (proof !== undefined) throw new KernelError('E_ROUTE', `${route}: auth.proof must be 'session' or 'any'`);
  return scope === undefined ? getCurrentUser : getCaller;
}

function guardWith(check: (ctx: HttpContext) => unknown): RouteGuard {
  return function checkCaller(ctx, next) {
    check(ctx);
    return next();
  };
}
