import type { Router } from '@koa/router';
import { KernelError } from '../../base/errors.js';
import { BadRequestError } from '../errors.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { GuardRegistry } from './guard-registry.js';
import { compilePattern, isPlainRouter, mountPlainRouter, type PathPattern, routeName } from './plain-router.js';
import type { RouteDeclaration } from './route.js';
import { RouteIndex } from './route-index.js';
import { marksOf, type RouteMarks } from './route-marks.js';
import { compileRoute } from './run-route.js';
import { joinPath, TypedRouter } from './typed-router.js';

/** A route as the stages around it see it, before it runs. */
export interface MatchedRoute {
  /** `GET /api/v1/products/:id`: the label of logs and metrics, and the name of its rate-limit bucket. */
  readonly name: string;
  readonly template: string;
  /** What it was declared with: the template, or a pattern of a plain router. */
  readonly path: string | RegExp;
  readonly methods: readonly string[];
  readonly marks: RouteMarks;
  readonly tags: readonly string[];
  /** Absent for a route of a plain router. */
  readonly declaration?: RouteDeclaration;
}

interface TableEntry extends MatchedRoute {
  order: number;
  mount: number;
  regexp: RegExp;
  handle: HttpMiddleware;
}

/** What `routers` takes: a router, or one with a prefix of its own and tags for OpenAPI. */
export type AnyRouter = Router | TypedRouter;
export type Mountable = AnyRouter | readonly [prefix: string, router: AnyRouter, tags?: readonly string[]];

interface Mount {
  prefix: string;
  router: AnyRouter;
  tags: readonly string[];
}

/** Every route of a service, kernel's and user's, found by method and path before anything else happens. */
export class RouteTable {
  readonly guards: GuardRegistry;
  readonly #mounts: Mount[] = [];
  #index: RouteIndex<TableEntry> | undefined;
  #entries: TableEntry[] = [];

  constructor(guards: GuardRegistry = new GuardRegistry()) {
    this.guards = guards;
  }

  /** Adds routers below `prefix`. What was mounted first wins where two routes take the same path. */
  mount(routers: readonly Mountable[], prefix = ''): void {
    this.#index = undefined;
    for (const mountable of routers) {
      const mount = toMount(mountable, prefix);
      if (mount.router instanceof TypedRouter) this.guards.adopt(mount.router.guards);
      this.#mounts.push(mount);
    }
  }

  /**
   * Reads the mounted routers and builds what requests are matched against; happens by itself on first use.
   * @throws KernelError `E_ROUTE` where a route asks for a guard that is not registered, or is declared twice.
   */
  compile(): void {
    if (this.#index) return;
    const entries = this.#mounts.flatMap((mount, number) => compileMount(mount, number, this.guards));
    entries.forEach((entry, order) => {
      entry.order = order;
    });
    refuseDuplicates(entries);
    const index = new RouteIndex<TableEntry>();
    for (const entry of entries) index.add(entry);
    this.#entries = entries;
    this.#index = index;
  }

  /** Every route, in the order of declaration. */
  routes(): readonly MatchedRoute[] {
    this.compile();
    return this.#entries;
  }

  /** The route that will answer. */
  match(method: string, path: string): MatchedRoute | undefined {
    return this.#find(method, path, 0);
  }

  /** Every route that takes `path`, by whatever method. */
  matchAll(path: string): readonly MatchedRoute[] {
    return this.#compiled().matching(path);
  }

  /** The methods that some route takes on `path`; empty where there is no such path. */
  allowedMethods(path: string): string[] {
    const methods = new Set<string>(this.matchAll(path).flatMap((route) => route.methods));
    if (methods.size > 0) methods.add('OPTIONS');
    return [...methods].sort();
  }

  /** Runs the matching route; `next` is called where none matches, or where a plain router passed on. */
  dispatch(ctx: HttpContext, next: Next, fromMount = 0): unknown {
    const entry = this.#find(ctx.method, ctx.path, fromMount);
    if (!entry) return next();
    return entry.handle(ctx, async () => this.dispatch(ctx, next, entry.mount + 1));
  }

  #find(method: string, path: string, fromMount: number): TableEntry | undefined {
    return this.#compiled().first(path, (entry) => entry.mount >= fromMount && entry.methods.includes(method));
  }

  #compiled(): RouteIndex<TableEntry> {
    this.compile();
    return this.#index as RouteIndex<TableEntry>;
  }
}

function toMount(mountable: Mountable, prefix: string): Mount {
  if (!Array.isArray(mountable)) return { prefix, router: mountable as AnyRouter, tags: [] };
  const [own, router, tags = []] = mountable as readonly [string, AnyRouter, (readonly string[])?];
  return { prefix: joinPath(prefix, own), router, tags };
}

function compileMount({ prefix, router, tags }: Mount, mount: number, guards: GuardRegistry): TableEntry[] {
  if (router instanceof TypedRouter) {
    return router.declarations.map((declaration) => typedEntry(declaration, prefix, mount, tags, guards));
  }
  if (!isPlainRouter(router)) {
    throw new KernelError('E_ROUTE', 'routers takes createRouter() or @koa/router routers, or ["/prefix", router]');
  }
  const { routes, dispatch } = mountPlainRouter(router, prefix);
  return routes.map(({ methods, path, regexp, marks }) => ({
    name: routeName(methods, path),
    template: String(path),
    methods,
    marks,
    tags,
    order: 0,
    mount,
    path,
    regexp,
    handle: dispatch,
  }));
}

function typedEntry(
  declared: RouteDeclaration,
  prefix: string,
  mount: number,
  tags: readonly string[],
  guards: GuardRegistry,
): TableEntry {
  const declaration = { ...declared, path: joinPath(prefix, declared.path) };
  const { method, path, options } = declaration;
  const name = `${method} ${path}`;
  const pattern = compilePattern(method, path);
  const run = compileRoute(declaration, guards.compile(name, options.auth));
  return {
    name,
    template: path,
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    marks: marksOf(declaration.use),
    tags: [...(options.tags ?? []), ...tags],
    declaration,
    order: 0,
    mount,
    path,
    regexp: pattern.regexp,
    handle: pattern.paramNames.length > 0 ? withParams(pattern, run) : withoutParams(run),
  };
}

function withoutParams(run: HttpMiddleware): HttpMiddleware {
  return function runRoute(ctx, next) {
    ctx.params = {};
    return run(ctx, next);
  };
}

function withParams({ regexp, paramNames }: PathPattern, run: HttpMiddleware): HttpMiddleware {
  return function runRoute(ctx, next) {
    const captures = regexp.exec(ctx.path);
    const params: Record<string, string> = {};
    paramNames.forEach((name, index) => {
      const value = captures?.[index + 1];
      if (value !== undefined) params[name] = decode(value);
    });
    ctx.params = params;
    return run(ctx, next);
  };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new BadRequestError('The path is not properly percent-encoded');
  }
}

function refuseDuplicates(entries: readonly TableEntry[]): void {
  const seen = new Set<string>();
  for (const { name, declaration } of entries) {
    if (!declaration) continue;
    if (seen.has(name))
      throw new KernelError('E_ROUTE', `${name} is declared twice; the second would never be reached`);
    seen.add(name);
  }
}
