import { KernelError } from '../../base/errors.js';
import type { HttpContext } from '../request-state.js';
import { getCurrentAdmin, getCurrentUser } from './guards.js';
import type { AuthGuards, AuthRequirement } from './route.js';

/** Lets the request pass by returning, or throws `ForbiddenError`, `AuthError` or `NotFoundError`. */
export type Guard<Value = unknown> = (ctx: HttpContext, required: Value) => void | Promise<void>;

type GuardKind = keyof AuthGuards;

/** Checks a request; `undefined` where a route asks for nothing. */
export type RouteGuard = ((ctx: HttpContext) => void | Promise<void>) | undefined;

/** The checks behind `auth: { scope, permission, workspace }`, registered by the rooms that know them. */
export class GuardRegistry {
  readonly #guards = new Map<string, Guard<never>>();

  register<Kind extends GuardKind>(kind: Kind, guard: Guard<NonNullable<AuthGuards[Kind]>>): void {
    this.#guards.set(kind, guard);
  }

  /**
   * The check of a route. A kind that nobody registered would be a hole, so it fails at mount.
   * @throws KernelError `E_ROUTE`
   */
  compile(route: string, auth: AuthRequirement = 'none'): RouteGuard {
    if (auth === 'none' || auth === 'optional') return undefined;
    if (auth === 'user') return requireUser;
    if (auth === 'admin') return requireAdminUser;
    const checks = Object.entries(auth).map(([kind, required]) => this.#check(route, kind, required));
    return async function checkGuards(ctx) {
      getCurrentUser(ctx);
      for (const check of checks) await check(ctx);
    };
  }

  #check(route: string, kind: string, required: unknown): (ctx: HttpContext) => void | Promise<void> {
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

function requireUser(ctx: HttpContext): void {
  getCurrentUser(ctx);
}

function requireAdminUser(ctx: HttpContext): void {
  getCurrentAdmin(ctx);
}
