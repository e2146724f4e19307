import { KernelError } from '../../base/errors.js';
import { suggestion } from '../../base/spelling.js';
import type { HttpMiddleware } from '../request-state.js';
import { GuardRegistry } from './guard-registry.js';
import type { AuthRequirement, DeclareRoute, HttpMethod, RouteDeclaration, RouteOptions } from './route.js';

export interface RouterOptions<Prefix extends string = string> {
  prefix?: Prefix;
  /** OpenAPI tags of every route. */
  tags?: readonly string[];
  /** Leaves every route out of OpenAPI. */
  hidden?: boolean;
}

/** Routes as data: nothing runs until a route table mounts them. */
export class TypedRouter<Prefix extends string = string> {
  readonly prefix: string;
  readonly declarations: RouteDeclaration[] = [];
  /** What this router brings along for `auth: { … }`; good for every router of the same table. */
  readonly guards = new GuardRegistry();
  readonly #options: RouterOptions;
  readonly #use: HttpMiddleware[] = [];

  constructor(options: RouterOptions<Prefix> = {}) {
    checkNames('createRouter', options, ROUTER_OPTIONS);
    this.#options = options;
    this.prefix = options.prefix ?? '';
    if (this.prefix && !this.prefix.startsWith('/')) {
      throw misuse(`Router prefix "${this.prefix}" must begin with a slash: "/${this.prefix}"`);
    }
  }

  readonly get: DeclareRoute<Prefix, this> = (path, options, handler) => this.#declare('GET', path, options, handler);
  readonly post: DeclareRoute<Prefix, this> = (path, options, handler) => this.#declare('POST', path, options, handler);
  readonly put: DeclareRoute<Prefix, this> = (path, options, handler) => this.#declare('PUT', path, options, handler);
  readonly patch: DeclareRoute<Prefix, this> = (path, options, handler) =>
    this.#declare('PATCH', path, options, handler);
  readonly delete: DeclareRoute<Prefix, this> = (path, options, handler) =>
    this.#declare('DELETE', path, options, handler);

  /** Middleware of every route declared after it. */
  use(...middleware: HttpMiddleware[]): this {
    this.#use.push(...middleware);
    return this;
  }

  #declare(method: HttpMethod, path: string, options: RouteOptions, handler: (input: never) => unknown): this {
    const where = `${method} ${this.prefix}${path}`;
    if (path !== '' && !path.startsWith('/')) throw misuse(`${where}: the path must begin with a slash`);
    if (typeof options !== 'object' || options === null || typeof handler !== 'function') {
      throw misuse(`${where}: pass the path, the options ({} for none) and the handler`);
    }
    checkNames(where, options, ROUTE_OPTIONS);
    checkAuth(where, options.auth);
    checkSchemas(where, options);
    checkBody(where, method, options);
    this.declarations.push({
      method,
      path: joinPath(this.prefix, path),
      options: {
        ...options,
        tags: options.tags ?? this.#options.tags ?? [],
        hidden: options.hidden ?? this.#options.hidden ?? false,
      },
      handler,
      use: [...this.#use, ...(options.use ?? [])],
    });
    return this;
  }
}

/** A router of typed routes; mount it with `createService({ routers: [router] })`. */
export function createRouter<const Prefix extends string = ''>(
  options: RouterOptions<Prefix> = {},
): TypedRouter<Prefix> {
  return new TypedRouter<Prefix>(options);
}

/** `/a` and `/b` to `/a/b`, without doubled or trailing slashes. */
export function joinPath(...parts: string[]): string {
  const joined = parts.map((part) => part.replace(/\/+$/, '')).join('');
  return joined === '' ? '/' : joined;
}

const ROUTER_OPTIONS = names<RouterOptions>({ prefix: true, tags: true, hidden: true });
const ROUTE_OPTIONS = names<RouteOptions>({
  auth: true,
  params: true,
  query: true,
  body: true,
  response: true,
  status: true,
  use: true,
  accepts: true,
  rawBody: true,
  maxBodySize: true,
  stream: true,
  summary: true,
  description: true,
  tags: true,
  operationId: true,
  deprecated: true,
  hidden: true,
});

/** Every name there is; one that is missing here does not compile. */
function names<Options>(known: Record<keyof Required<Options>, true>): readonly string[] {
  return Object.keys(known);
}

/** A misspelt `auth` would otherwise leave a route open to everybody. */
function checkNames(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw misuse(`${where}: "${unknown}" is no option${suggestion(unknown, known)}; options are ${known.join(', ')}`);
}

function checkSchemas(where: string, options: RouteOptions): void {
  for (const part of ['params', 'query', 'body', 'response'] as const) {
    const schema: unknown = options[part];
    if (schema === undefined || (typeof schema === 'object' && schema !== null && 'safeParse' in schema)) continue;
    throw misuse(`${where}: ${part} must be a schema of zod 4, such as z.object({ name: z.string() })`);
  }
}

const NAMED_AUTH: readonly unknown[] = [undefined, 'none', 'optional', 'user', 'admin'];

function checkAuth(where: string, auth: AuthRequirement | undefined): void {
  if (NAMED_AUTH.includes(auth)) return;
  if (typeof auth !== 'object' || auth === null || Object.keys(auth).length === 0) {
    throw misuse(
      `${where}: auth is ${JSON.stringify(auth)}; it must be 'none', 'optional', 'user', 'admin' or name a guard ({ scope: 'x:y' })`,
    );
  }
}

function checkBody(where: string, method: HttpMethod, options: RouteOptions): void {
  if (method === 'GET' && (options.body || options.rawBody)) {
    throw misuse(`${where}: a GET request has no body; use query`);
  }
}

function misuse(message: string): KernelError {
  return new KernelError('E_ROUTE', message);
}
